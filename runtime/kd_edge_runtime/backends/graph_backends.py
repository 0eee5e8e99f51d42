"""Shared by the backends for exported graphs: a bag's input, and the check of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from kd_edge_runtime.backends.shared import member_key, once
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.students.word_cache import WordCaches
from kd_edge_runtime.text.counts import Counter

if TYPE_CHECKING:
    import numpy.typing as npt

# The metadata entry with the SHA-256 of the vectorizer that the graph was exported with.
VECTORIZER = "kd-edge.vectorizer"

# That of a graph whose scores may depend on padding: responses are scored one by one.
SINGLY = "kd-edge.singly"


# The last dimension of each input of a graph; empty if it is variable.
Widths = dict[str, list[int]]


class CountsInput:
    """Weighted n-gram counts, for a bag."""

    def __init__(self, item: LoadedItem) -> None:
        vocabulary = item.vocabulary()
        self._counter = Counter(vocabulary)
        self._caches = item.word_caches or WordCaches()
        self.widths: Widths = {"counts": [vocabulary.size]}

    def feed(self, texts: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """The counts, float32 [N, V], under the input's name."""
        self._caches.room(self._counter, len(texts))
        return {"counts": self._counter.count(texts).dense(*self.widths["counts"])}


def _vectorizer_hash(item: LoadedItem) -> str:
    """The SHA-256 of an item's vectorizer, which may be one that many items share."""
    key = "vectorizer", member_key(item, item.entry.vectorizer)
    return once(item.bundle, key, lambda: sha256(item.vectorizer()).hexdigest())


def check(item: LoadedItem, form: str, fits: bool, metadata: Mapping[str, str]) -> None:
    """Refuses a graph that does not belong to the item.

    Args:
        item: the item of an open bundle.
        form: the graph's form.
        fits: whether inputs, outputs and classes match the manifest.
        metadata: the graph's metadata, by name.

    Raises:
        BundleError: the graph does not belong to the item.
    """
    if not fits:
        reason = "does not match the manifest"
    elif VECTORIZER in metadata and metadata[VECTORIZER] != _vectorizer_hash(item):
        reason = "was exported for another vectorizer"
    else:
        return
    raise BundleError(f"item '{item.entry.item_id}': the graph '{form}' {reason}")
