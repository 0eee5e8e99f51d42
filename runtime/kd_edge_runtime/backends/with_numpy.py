"""The numpy backend: sums table rows for a whole batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kd_edge_runtime.students.bag import BagStudent, BagWeights
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.students.word_cache import WordCaches
from kd_edge_runtime.text.counts import Counter, Counts

if TYPE_CHECKING:
    import numpy.typing as npt

    from kd_edge_runtime.students.pairs import PairsStudent
    from kd_edge_runtime.text.relation import Relation

    _Floats = npt.NDArray[np.float64]

# Responses per batch: enough to amortize numpy's overhead, few enough for the CPU cache.
_BATCH = 512


def load(item: LoadedItem, form: str, threads: int = 1) -> _Batches:  # noqa: ARG001
    """Loads a student from its plain form; it runs in the caller's thread."""
    if item.entry.student == "pairs":
        from kd_edge_runtime.students.pairs import read
        from kd_edge_runtime.text.relation import Relation

        return NumpyPairs(read(item, form), Relation.from_bytes(item.vectorizer()))
    return NumpyModel(item.bag(form), item.word_caches)


class _Batches:
    """A student in numpy, batch by batch.

    Args:
        weights: its network.
    """

    def __init__(self, weights: BagWeights) -> None:
        table = np.frombuffer(weights.table, dtype=np.int8).reshape(-1, weights.dimensions)
        # The row of zeros gives reduceat something to add for a response without n-grams.
        self._table = np.concatenate((table, np.zeros_like(table, shape=(1, weights.dimensions))))
        self._scale = np.array(weights.scale)
        self._bias = np.array(weights.bias)
        self._head = np.array(weights.head).T
        self._head_bias = np.array(weights.head_bias)

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        results: list[tuple[float, ...]] = []
        for start in range(0, len(texts), _BATCH):
            results += map(tuple, self._batch(texts[start : start + _BATCH]).tolist())
        return results

    def _batch(self, texts: Sequence[str]) -> _Floats:
        """Probabilities [N, K] of N responses, N > 0."""
        raise NotImplementedError

    def _shares(self, counts: Counts, more: _Floats | float = 0.0) -> _Floats:
        """Probabilities [N, K] by rows of the table, and what is added to their sums: [N, D]."""
        number = np.diff(counts.starts)
        rows = self._table[np.append(counts.rows, -1)]
        # Integer sums are exact, however long the response.
        sums = np.add.reduceat(rows, counts.starts[:-1], axis=0, dtype=np.int64)
        sums[number == 0] = 0
        factor = 1.0 / np.sqrt(np.maximum(number, 1))
        hidden = np.maximum(sums * self._scale * factor[:, None] + self._bias + more, 0.0)
        return softmax(hidden @ self._head + self._head_bias)


class NumpyModel(_Batches):
    """A bag student in numpy.

    Args:
        student: a student that was read from a bundle.
        caches: those of the bundle's items; None for its own.
    """

    def __init__(self, student: BagStudent, caches: WordCaches | None = None) -> None:
        super().__init__(student.weights)
        self._counter = Counter(student.vocabulary)
        self._caches = caches or WordCaches()

    def _batch(self, texts: Sequence[str]) -> _Floats:
        self._caches.room(self._counter, len(texts))
        return self._shares(self._counter.count(texts))


class NumpyPairs(_Batches):
    """A pairs student for one question in numpy.

    Args:
        student: the network.
        relation: the question and its references.
    """

    def __init__(self, student: PairsStudent, relation: Relation) -> None:
        from kd_edge_runtime.backends.pairs_input import PairsInput

        super().__init__(student.weights)
        self._input = PairsInput(student, relation)
        self._related = np.array(student.related)

    def _batch(self, texts: Sequence[str]) -> _Floats:
        counts, numbers = self._input.read(texts)
        return self._shares(counts, numbers @ self._related)


def softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Probabilities from logits, row by row; [N, K] to [N, K]."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
