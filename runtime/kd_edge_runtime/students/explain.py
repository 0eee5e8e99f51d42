"""Why this score: which n-grams of a response pushed it towards which class, and how far.

A bag's logits are linear in its n-grams wherever no unit of the ReLU switches, and a response
has its units either on or off. So each n-gram adds one exact number to each logit; together,
with what is there before any, they are the logits (no estimate: the response's own linear
piece, Montufar et al. 2014, "On the Number of Linear Regions of Deep Neural Networks").
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from math import sqrt
from operator import mul

from kd_edge_runtime._light_stdlib import NamedTuple
from kd_edge_runtime.students.bag import BagStudent
from kd_edge_runtime.text.rules import words
from kd_edge_runtime.text.vocabulary import MAX_WORD, grams, hash_gram, hash_word


class Push(NamedTuple):
    """What one word, or two in a row, did to the logits.

    Attributes:
        words: the word with its character runs, or both words of a pair; as the text rules read
            them.
        times: how often it stands in the response.
        pushes: what all of them added to each class's logit; [K], their mean is 0, since what
            moves all logits alike moves no score.
    """

    words: tuple[str, ...]
    times: int
    pushes: tuple[float, ...]

    @property
    def strength(self) -> float:
        """From the class pushed away most to the class favoured most, in log-odds; >= 0."""
        return max(self.pushes) - min(self.pushes)


class Explanation(NamedTuple):
    """All that made a score.

    Attributes:
        start: the logits before any word, less their mean; [K].
        pushes: of every word and pair that the student knows, the strongest first.
        unknown: words of which it knows nothing, in their order, each once.
    """

    start: tuple[float, ...]
    pushes: tuple[Push, ...]
    unknown: tuple[str, ...]

    def logits(self) -> tuple[float, ...]:
        """The logits less their mean: `start` and all pushes added up; [K]."""
        parts = (self.start, *(push.pushes for push in self.pushes))
        return tuple(map(sum, zip(*parts)))


class Explainer:
    """Takes a bag's scores apart.

    Args:
        student: the bag.
    """

    def __init__(self, student: BagStudent) -> None:
        vocabulary = student.vocabulary
        self._weights = student.weights
        self._gram = vocabulary.gram
        self._words, self._grams = vocabulary.word_rows(), vocabulary.gram_rows()
        self._pairs = {
            (code >> 16, code & 0xFFFF): row
            for row, code in enumerate(vocabulary.pairs, vocabulary.pairs_start)
        }

    def explain(self, text: str) -> Explanation:
        """Takes the score of a response apart."""
        found = [word[:MAX_WORD] for word in words(text)]
        rows = self._rows(found)
        times = {key: count for key, count in Tally(self._keys(found)).items() if key in rows}
        number = sum(len(rows[key]) * count for key, count in times.items())
        factor = 1 / sqrt(number or 1)
        sums = {
            key: [factor * count * one for one in self._sum(rows[key])]
            for key, count in times.items()
        }
        weights = self._weights
        hidden = [sum(parts) for parts in zip(weights.bias, *sums.values())]
        # The units that are off let nothing through, whatever pushed them there.
        head = [[h if on > 0 else 0.0 for h, on in zip(row, hidden)] for row in weights.head]
        pushes = [Push(key, times[key], _logits(head, one)) for key, one in sums.items()]
        return Explanation(
            _logits(head, weights.bias, weights.head_bias),
            tuple(sorted(pushes, key=lambda push: -push.strength)),
            tuple(dict.fromkeys(word for word in found if (word,) not in rows)),
        )

    @staticmethod
    def _keys(found: list[str]) -> list[tuple[str, ...]]:
        """The words of a response and their pairs."""
        return [*((word,) for word in found), *zip(found, found[1:])]

    def _rows(self, found: list[str]) -> dict[tuple[str, ...], list[int]]:
        """The rows of the table that each known word and pair brings."""
        places = {word: self._words.get(hash_word(word), -1) for word in found}
        rows: dict[tuple[str, ...], list[int]] = {}
        for key in self._keys(found):
            if len(key) == 2:
                own = [self._pairs.get((places[key[0]], places[key[1]]))]
            else:
                runs = grams(key[0], self._gram)
                own = [
                    self._words.get(hash_word(key[0])),
                    *map(self._grams.get, map(hash_gram, runs)),
                ]
            known = [row for row in own if row is not None]
            if known:
                rows[key] = known
        return rows

    def _sum(self, rows: list[int]) -> list[float]:
        """Rows of the table added up; [D]."""
        table, scale = self._weights.table, self._weights.scale
        width = len(scale)
        return [
            sum((table[row * width + d] ^ 128) - 128 for row in rows) * scale[d]
            for d in range(width)
        ]


def _logits(
    head: Sequence[Sequence[float]], hidden: Sequence[float], bias: Sequence[float] = ()
) -> tuple[float, ...]:
    """What hidden numbers add to the logits, less their mean; [K]."""
    found = [sum(map(mul, row, hidden)) for row in head]
    if bias:
        found = [one + b for one, b in zip(found, bias)]
    mean = sum(found) / len(found)
    return tuple([one - mean for one in found])
