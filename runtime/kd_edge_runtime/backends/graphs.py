"""What the backends of exported graphs share: a bag's input, and whether a graph is the item's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text.counts import Counter

if TYPE_CHECKING:
    import numpy.typing as npt

# The name in a graph's metadata of the SHA-256 of the vectorizer that it was made with.
VECTORIZER = "kd-edge.vectorizer"


# The last dimension of each of a graph's inputs; none where it is open.
Widths = dict[str, list[int]]


class CountsInput:
    """Weighted counts for a bag."""

    def __init__(self, item: LoadedItem) -> None:
        vocabulary = item.vocabulary()
        self._counter = Counter(vocabulary)
        self.widths: Widths = {"counts": [vocabulary.size]}

    def feed(self, texts: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Float32 [N, V] by the input's name."""
        return {"counts": self._counter.count(texts).dense(*self.widths["counts"])}


def check(item: LoadedItem, form: str, fits: bool, metadata: Mapping[str, str]) -> None:
    """Refuses a graph that is not this item's.

    Args:
        item: the item of an open bundle.
        form: the graph's form.
        fits: whether inputs, outputs and classes are the manifest's.
        metadata: the graph's own, by name.

    Raises:
        BundleError: it is another's.
    """
    if not fits:
        why = "does not fit the manifest"
    elif metadata.get(VECTORIZER, digest := sha256(item.vectorizer()).hexdigest()) != digest:
        why = "was made for another vectorizer"
    else:
        return
    raise BundleError(f"item '{item.entry.item_id}': the graph '{form}' {why}")
