"""A `pairs` student in plain Python: sums of table rows, and the relation's numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import exp, sqrt
from operator import mul

from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.students.pairs import PairsStudent, RowsOf, read
from kd_edge_runtime.system.ordered_sums import ordered_sum
from kd_edge_runtime.text.relation import Relation


def load(item: LoadedItem, form: str) -> PairsModel:
    """Loads the student for one question from its plain form."""
    return PairsModel(read(item, form), Relation.from_bytes(item.vectorizer()))


class PairsModel:
    """A pairs student for one question.

    Args:
        student: the network.
        relation: the question and its references.
    """

    def __init__(self, student: PairsStudent, relation: Relation) -> None:
        self._weights = student.weights
        self._related = student.related
        self._head = [*zip(*student.weights.head)]
        self._numbers = relation.numbers
        self._words = student.vocabulary.reader()
        self._rows = RowsOf(student.vocabulary, relation)
        self._table = memoryview(student.weights.table).cast("b")

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        return [self._probabilities(self._words(text)) for text in texts]

    def _probabilities(self, response: list[str]) -> tuple[float, ...]:
        weights, numbers = self._weights, self._numbers(response)
        width = weights.dimensions
        rows = Counter(self._rows(response))
        times = rows.values()
        factor = 1.0 / sqrt(sum(times) or 1)
        columns = zip(*(self._table[row * width : (row + 1) * width] for row in rows))
        sums = [sum(map(mul, column, times)) for column in columns] or [0] * width
        added: Sequence[float] = weights.bias
        for number, related in zip(numbers, self._related):
            if number:
                added = [before + number * weight for before, weight in zip(added, related)]
        logits: Sequence[float] = weights.head_bias
        for total, scale, more, column in zip(sums, weights.scale, added, self._head):
            hidden = total * scale * factor + more
            if hidden > 0.0:
                logits = [logit + hidden * weight for logit, weight in zip(logits, column)]
        top = max(logits)
        powers = [exp(logit - top) for logit in logits]
        whole = ordered_sum(powers)
        return tuple([power / whole for power in powers])
