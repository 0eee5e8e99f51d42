"""Token ids of several responses as one array, as networks that read tokens take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Array = npt.NDArray[np.int64]


def padded(ids: Sequence[Sequence[int]], pad: int) -> tuple[Array, Array]:
    """Ids and mask, int64 [N, T]: padded on the right to the longest; 1 for a token, 0 for padding.

    Where no response has a token, each is one of padding, as a network needs a width.

    Args:
        ids: the token ids of N responses.
        pad: the id of the padding token.
    """
    lengths = np.array([len(tokens) for tokens in ids], dtype=np.int64)
    mask = np.arange(lengths.max(initial=1)) < lengths[:, None]
    array = np.full(mask.shape, pad, dtype=np.int64)
    array[mask] = [token for tokens in ids for token in tokens]
    return array, mask.astype(np.int64)
