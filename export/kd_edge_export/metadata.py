"""What every exported graph says of itself, so that it can be told whose it is."""

from __future__ import annotations

from kd_edge_runtime._version import __version__
from kd_edge_runtime.backends.graphs import VECTORIZER

ITEM = "kd-edge.item"
PRODUCER = "kd-edge"
# The two distributions are released together, with the same number.
VERSION = __version__


def metadata(item_id: str, vectorizer_sha256: str = "") -> dict[str, str]:
    """The entries by name.

    Args:
        item_id: the item.
        vectorizer_sha256: of the vectorizer member whose n-grams or tokens the graph counts on,
            64 hexadecimal digits in small letters; without it, no entry.
    """
    tied = {VECTORIZER: vectorizer_sha256} if vectorizer_sha256 else {}
    return {ITEM: item_id, **tied}
