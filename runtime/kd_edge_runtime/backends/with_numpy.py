"""The numpy backend: sums of table rows for a whole batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kd_edge_runtime.bag import BagStudent
from kd_edge_runtime.counts import Counter
from kd_edge_runtime.loaded import LoadedItem

if TYPE_CHECKING:
    import numpy.typing as npt

# Responses at once: enough to spread numpy's overhead, few enough to stay in the cache.
_BATCH = 512


def load(item: LoadedItem) -> NumpyModel:
    """Loads a bag student from its plain form."""
    return NumpyModel(item.bag())


class NumpyModel:
    """A bag student in numpy.

    Args:
        student: the student as read from a bundle.
    """

    def __init__(self, student: BagStudent) -> None:
        weights = student.weights
        self._counter = Counter(student.vocabulary)
        table = np.frombuffer(weights.table, dtype=np.int8).reshape(-1, weights.dimensions)
        self._table = table.astype(np.float32) * np.array(weights.scale, dtype=np.float32)
        self._bias = np.array(weights.bias, dtype=np.float32)
        self._head = np.array(weights.head, dtype=np.float32).T
        self._head_bias = np.array(weights.head_bias, dtype=np.float32)

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        found: list[tuple[float, ...]] = []
        for start in range(0, len(texts), _BATCH):
            found += map(tuple, self._batch(texts[start : start + _BATCH]).tolist())
        return found

    def _batch(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        counts = self._counter.count(texts)
        # A row of zeros at the end gives reduceat something to add where a response has nothing.
        rows = np.concatenate((self._table[counts.rows], np.zeros_like(self._table[:1])))
        sums = np.add.reduceat(rows, counts.starts[:-1], axis=0)
        sums[np.diff(counts.starts) == 0] = 0.0
        hidden = np.maximum(sums * counts.scale()[:, None] + self._bias, 0.0)
        return softmax(hidden @ self._head + self._head_bias)


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Probabilities from logits, row by row; [N, K] to [N, K]."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
