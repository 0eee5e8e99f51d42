"""The metadata of every exported graph: which item and vectorizer it belongs to."""

from __future__ import annotations

from kd_edge_runtime._version import __version__
from kd_edge_runtime.backends.graph_backends import VECTORIZER

ITEM = "kd-edge.item"
PRODUCER = "kd-edge"
# Both distributions are released together, with the same version.
VERSION = __version__


def metadata(item_id: str, vectorizer_sha256: str = "") -> dict[str, str]:
    """A graph's metadata by name.

    Args:
        item_id: the item.
        vectorizer_sha256: hash of the vectorizer member that the graph was exported for, 64
            lowercase hexadecimal digits; "" adds no entry.
    """
    vectorizer = {VECTORIZER: vectorizer_sha256} if vectorizer_sha256 else {}
    return {ITEM: item_id, **vectorizer}
