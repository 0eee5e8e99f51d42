"""What a `pairs` student is fed, with numpy: rows of its table, and the numbers of the relation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kd_edge_runtime.students.bag import FORM
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.students.pairs import PairsStudent, RowsOf, read
from kd_edge_runtime.text.counts import Counts
from kd_edge_runtime.text.relation import NUMBERS, Relation

if TYPE_CHECKING:
    import numpy.typing as npt


class PairsInput:
    """Reads responses to one question.

    Args:
        student: the network; its vocabulary is what matters here.
        relation: the question and its references.
    """

    def __init__(self, student: PairsStudent, relation: Relation) -> None:
        self._words = student.vocabulary.reader()
        self._rows, self._numbers = RowsOf(student.vocabulary, relation), relation.numbers
        size = student.vocabulary.size + 3 * len(student.vocabulary.words)
        self.widths = {"counts": [size], "numbers": [len(NUMBERS)]}

    @classmethod
    def of(cls, item: LoadedItem) -> PairsInput:
        """Of an item with another form: the vocabulary is in the plain one.

        Raises:
            BackendError: the bundle does not have the plain form.
        """
        return cls(read(item, FORM), Relation.from_bytes(item.vectorizer()))

    def read(self, texts: Sequence[str]) -> tuple[Counts, npt.NDArray[np.float64]]:
        """The rows of N responses, and the numbers of each; float64 [N, len(NUMBERS)]."""
        rows: list[int] = []
        starts = [0]
        numbers = np.zeros((len(texts), len(NUMBERS)))
        for at, words in enumerate(map(self._words, texts)):
            rows += self._rows(words)
            starts.append(len(rows))
            numbers[at] = self._numbers(words)
        return Counts(np.array(rows, dtype=np.int32), np.array(starts, dtype=np.intp)), numbers

    def feed(self, texts: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """A graph's inputs: weighted counts [N, rows] and numbers, both float32."""
        counts, numbers = self.read(texts)
        return {
            "counts": counts.dense(*self.widths["counts"]),
            "numbers": numbers.astype(np.float32),
        }
