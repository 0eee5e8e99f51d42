"""Explains a score of a `pairs` student: by its words, and by how it relates to the references.

As with a bag (`students.explain`), each part adds one exact number to each logit. Of the words of a
reference that a response lacks, a bundle has only hashes: they are one part together.
"""

from __future__ import annotations

from collections import Counter as Tally
from math import sqrt

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.students.explanation import Explanation, Push, logits_of
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.students.pairs import PairsStudent, RowsOf, read
from kd_edge_runtime.system.ordered_sums import ordered_sum
from kd_edge_runtime.text.relation import NUMBERS, Relation
from kd_edge_runtime.text.vocabulary import MAX_WORD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable

# What the relation's numbers are called: in brackets, so that nobody takes them for a student's
# words.
_NAMES = {
    "recall": "share of a reference's words",
    "new recall": "share of a reference's words that the question lacks",
    "precision": "share of words that a reference has",
    "pairs": "share of a reference's pairs of words",
    "grams": "share of a reference's runs of letters",
    "negation added": "negation that no reference has",
    "negation missing": "negation of a reference missing",
    "length": "length beside a reference's",
    "in question": "share of words that the question has",
    "elsewhere": "share of words in neither",
    "any recall": "share of all references' words",
    "mean recall": "mean share of each reference's words",
    "log length": "length",
}
MISSING = "[words of the references that are missing]"


class PairsExplainer:
    """Explains the scores of one question.

    Args:
        student: the network.
        relation: the question and its references.
    """

    def __init__(self, student: PairsStudent, relation: Relation) -> None:
        self._weights, self._related = student.weights, student.related
        self._read, self._numbers = student.vocabulary.reader(), relation.numbers
        self._rows = RowsOf(student.vocabulary, relation)

    def explain(self, text: str) -> Explanation:
        """Explains the score of a response."""
        words = [word[:MAX_WORD] for word in self._read(text)]
        rows, weights = self._rows.parts(words), self._weights
        factor = 1 / sqrt(sum(map(len, rows.values())) or 1)
        parts = {key: self._sum(own, factor) for key, own in rows.items()}
        for name, number, related in zip(NUMBERS, self._numbers(words), self._related):
            if number:
                parts[(f"[{_NAMES[name]}]",)] = [number * value for value in related]
        hidden = [ordered_sum(column) for column in zip(weights.bias, *parts.values())]
        head = [[h if on > 0 else 0.0 for h, on in zip(row, hidden)] for row in weights.head]
        times = {
            **dict.fromkeys(parts, 1),
            **Tally([*((word,) for word in words), *zip(words, words[1:])]),
            (): len(rows.get((), ())),
        }
        pushes = [
            Push(key or (MISSING,), times[key], logits_of(head, own)) for key, own in parts.items()
        ]
        return Explanation(
            logits_of(head, weights.bias, weights.head_bias),
            tuple(sorted(pushes, key=lambda push: -push.strength)),
            tuple(dict.fromkeys(word for word in words if (word,) not in rows)),
        )

    def _sum(self, rows: Sequence[int], factor: float) -> list[float]:
        """What rows of the table add to the hidden values; [D]."""
        table, scale = self._weights.table, self._weights.scale
        width = len(scale)
        return [
            sum((table[row * width + d] ^ 128) - 128 for row in rows) * scale[d] * factor
            for d in range(width)
        ]


def explain_pairs(item: LoadedItem, form: str) -> Callable[[str], Explanation]:
    """A function that explains an item's score of a response.

    Raises:
        BundleError: the bundle is damaged.
    """
    return PairsExplainer(read(item, form), Relation.from_bytes(item.vectorizer())).explain
