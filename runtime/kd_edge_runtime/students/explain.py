"""Explains a score: how far each n-gram of a response pushed it towards each class.

A bag's logits are linear in its n-grams as long as no unit of the ReLU switches, and for a given
response each unit is either on or off. So each n-gram adds one exact number to each logit;
together with the start values they add up to the logits. This is no estimate but the linear region
of the response (Montufar et al. 2014, "On the Number of Linear Regions of Deep Neural Networks").
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable
from math import sqrt

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.students.bag import FORM, BagStudent
from kd_edge_runtime.students.explanation import Explanation, Push, logits_of
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.system.ordered_sums import ordered_sum
from kd_edge_runtime.text.vocabulary import MAX_WORD, grams, hash_gram, hash_word


class Explainer:
    """Explains a bag's scores.

    Args:
        student: the bag.
    """

    def __init__(self, student: BagStudent) -> None:
        vocabulary = student.vocabulary
        self._weights = student.weights
        self._gram = vocabulary.gram
        self._read = vocabulary.reader()
        self._words, self._grams = vocabulary.word_rows(), vocabulary.gram_rows()
        self._pairs = {
            (code >> 16, code & 0xFFFF): row
            for row, code in enumerate(vocabulary.pairs, vocabulary.pairs_start)
        }

    def explain(self, text: str) -> Explanation:
        """Explains the score of a response."""
        response_words = [word[:MAX_WORD] for word in self._read(text)]
        rows = self._rows(response_words)
        tally = Tally(self._keys(response_words))
        times = {key: count for key, count in tally.items() if key in rows}
        number = sum(len(rows[key]) * count for key, count in times.items())
        factor = 1 / sqrt(number or 1)
        sums = {
            key: [factor * count * value for value in self._sum(rows[key])]
            for key, count in times.items()
        }
        weights = self._weights
        hidden = [ordered_sum(parts) for parts in zip(weights.bias, *sums.values())]
        # The units that are off let nothing through, whatever pushed them there.
        head = [[h if on > 0 else 0.0 for h, on in zip(row, hidden)] for row in weights.head]
        pushes = [Push(key, times[key], logits_of(head, total)) for key, total in sums.items()]
        return Explanation(
            logits_of(head, weights.bias, weights.head_bias),
            tuple(sorted(pushes, key=lambda push: -push.strength)),
            tuple(dict.fromkeys(word for word in response_words if (word,) not in rows)),
        )

    @staticmethod
    def _keys(response_words: list[str]) -> list[tuple[str, ...]]:
        """The words of a response and their pairs."""
        return [*((word,) for word in response_words), *zip(response_words, response_words[1:])]

    def _rows(self, response_words: list[str]) -> dict[tuple[str, ...], list[int]]:
        """The rows of the table for each known word and pair."""
        places = {word: self._words.get(hash_word(word), -1) for word in response_words}
        rows: dict[tuple[str, ...], list[int]] = {}
        for key in self._keys(response_words):
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
        """The sum of rows of the table; [D]."""
        table, scale = self._weights.table, self._weights.scale
        width = len(scale)
        return [
            sum((table[row * width + d] ^ 128) - 128 for row in rows) * scale[d]
            for d in range(width)
        ]


def explainer(item: LoadedItem) -> Callable[[str], Explanation]:
    """A function that explains an item's score of a response.

    Raises:
        InputError: the student is neither a bag nor one of many questions: no other's scores can be
            explained.
        BundleError: the bundle is damaged.
    """
    entry = item.entry
    if entry.student not in ("bag", "pairs") or FORM not in entry.forms:
        raise InputError(
            f"item '{entry.item_id}': only small models of kind 'bag' or 'pairs' with the form "
            f"'{FORM}' can explain their scores; this one is of kind '{entry.student}'"
        )
    if entry.student == "pairs":
        from kd_edge_runtime.students.explain_pairs import explain_pairs

        explain = explain_pairs(item, FORM)
    else:
        explain = Explainer(item.bag()).explain
    plain = item.plain_text()
    return (lambda text: explain(plain(text))) if plain else explain
