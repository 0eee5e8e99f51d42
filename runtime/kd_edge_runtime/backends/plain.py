"""The plain-Python backend: no numpy, exact, and quick since every loop over words runs in C.

The D sums of a bag student are lanes of one Python integer: a row of the table is one
integer, each of its signed bytes stored with 128 added so that lanes never borrow, and
adding rows is integer addition. The highest lane counts the rows, which tells how many
times 128 to take off again. A word's own n-grams add up to one number that is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from math import exp, sqrt
from operator import mul
from struct import Struct

from kd_edge_runtime.bag import BagStudent
from kd_edge_runtime.loaded import LoadedItem
from kd_edge_runtime.text import words
from kd_edge_runtime.vocabulary import MAX_WORD, BagVocabulary, grams, hash_gram, hash_word

# A lane of 32 bits overflows after 2^32 / 255 rows, 16 million. A word brings at most 39
# grams, itself and one pair; so this many words at once are safe.
_AT_ONCE = 100_000

# Words whose sums are kept between responses, about 150 bytes each.
_KEPT_WORDS = 50_000

_NO_WORD = -1


def load(item: LoadedItem, form: str, threads: int = 1) -> PlainModel:  # noqa: ARG001
    """Loads a bag student from its plain form, whose one thread is the caller's."""
    return PlainModel(item.bag(form))


class _Lanes:
    """The rows of the table, each as one integer, made when first asked for."""

    def __init__(self, table: bytes, dimensions: int) -> None:
        wide = bytearray(4 * len(table))
        # Adding 128 to a signed byte is flipping its highest bit.
        wide[::4] = table.translate(bytes(code ^ 0x80 for code in range(256)))
        self._wide = bytes(wide)
        self._row_bytes = 4 * dimensions
        self._one = 1 << (32 * dimensions)

    def row(self, number: int) -> int:
        start = number * self._row_bytes
        return self._one | int.from_bytes(self._wide[start : start + self._row_bytes], "little")


class _Places(dict[str, int]):
    """The place of each word in the word table, or `_NO_WORD`; words are added as they are met."""

    def __init__(self, rows: dict[int, int]) -> None:
        super().__init__()
        self._rows = rows

    def __missing__(self, word: str) -> int:
        place = self._rows.get(hash_word(word), _NO_WORD)
        if len(word) <= MAX_WORD and len(self) < _KEPT_WORDS:
            self[word] = place
        return place


class _Sums(dict[str, int]):
    """The sum of a word's own rows: the word itself and its grams."""

    def __init__(self, lanes: _Lanes, places: _Places, vocabulary: BagVocabulary) -> None:
        super().__init__()
        self._lanes = lanes
        self._places = places
        self._grams = vocabulary.gram_rows()
        self._length = vocabulary.gram if vocabulary.grams else 0

    def __missing__(self, word: str) -> int:
        place = self._places[word]
        total = 0 if place == _NO_WORD else self._lanes.row(place)
        for gram in grams(word, self._length):
            row = self._grams.get(hash_gram(gram))
            if row is not None:
                total += self._lanes.row(row)
        if len(word) <= MAX_WORD and len(self) < _KEPT_WORDS:
            self[word] = total
        return total


class PlainModel:
    """A bag student in plain Python.

    Args:
        student: the student as read from a bundle.
    """

    def __init__(self, student: BagStudent) -> None:
        vocabulary, weights = student.vocabulary, student.weights
        dimensions = weights.dimensions
        lanes = _Lanes(weights.table, dimensions)
        layout = Struct(f"<{dimensions + 1}I")
        self._unpack, self._bytes = layout.unpack, layout.size
        places = _Places(vocabulary.word_rows())
        self._place = places.__getitem__
        self._sum = _Sums(lanes, places, vocabulary).__getitem__
        self._pair = {
            (pair >> 16, pair & 0xFFFF): lanes.row(row)
            for row, pair in enumerate(vocabulary.pairs, vocabulary.pairs_start)
        }.get
        self._scale = weights.scale
        self._bias = weights.bias
        self._head = weights.head
        self._head_bias = weights.head_bias

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> tuple[float, ...]:
        number, sums = self._summed(words(text))
        factor = 1.0 / sqrt(number or 1)
        hidden = [
            max((lane * scale) * factor + bias, 0.0)
            for lane, scale, bias in zip(sums, self._scale, self._bias)
        ]
        logits = [
            sum(map(mul, row, hidden), bias) for row, bias in zip(self._head, self._head_bias)
        ]
        top = max(logits)
        powers = [exp(logit - top) for logit in logits]
        whole = sum(powers)
        return tuple([power / whole for power in powers])

    def _summed(self, found: list[str]) -> tuple[int, list[int]]:
        """How many n-grams of the vocabulary there are, and the sum of each dimension."""
        number, sums = self._lane_sums(found[:_AT_ONCE])
        for start in range(_AT_ONCE, len(found), _AT_ONCE):
            part, lanes = self._lane_sums(found[start : start + _AT_ONCE], found[start - 1])
            number += part
            sums = [total + lane for total, lane in zip(sums, lanes)]
        return number, sums

    def _lane_sums(self, found: list[str], before: str | None = None) -> tuple[int, list[int]]:
        """The same for words that fit the lanes; the word `before` them only begins a pair."""
        total = sum(map(self._sum, found))
        places = list(map(self._place, found if before is None else [before, *found]))
        total += sum(map(self._pair, zip(places, places[1:]), repeat(0)))
        *lanes, number = self._unpack(total.to_bytes(self._bytes, "little"))
        offset = 128 * number
        return number, [lane - offset for lane in lanes]
