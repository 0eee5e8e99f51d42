"""The plain-Python backend: exact and fast without numpy: two look-ups and a sum per word.

The D sums of a bag student are lanes of one Python integer. A row of the table is one integer
in which each signed byte has 128 added, so that lanes never borrow, and adding rows is integer
addition. The lowest lane counts the rows, and so how often 128 must be subtracted again. The sum
of a word's own n-grams is cached, and so is the sum including the pair that the word completes:
scoring adds one number per word.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from math import exp, inf, sqrt
from struct import Struct

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.students.bag import BagStudent, BagWeights
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text.vocabulary import GramHashes, hash_word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable

    from kd_edge_runtime.backends import Model

    # From the number of rows and the D sums, each too large by 128 per row, to probabilities.
    _Network = Callable[[Sequence[int]], tuple[float, ...]]

# A lane of 32 bits overflows after 2^32 / 255 = 16 million rows. A word adds at most 39 grams,
# itself and one pair, so this many words at once are safe.
_AT_ONCE = 100_000

# Size in bytes of the word cache that is kept between responses, and the estimated size of one
# entry, for a word and for each pair that it completes, besides the word's letters.
_KEPT = 20_000_000
_WORD = 400

_LITTLE = repeat("little")

# Most items have at most this many classes.
_FEW = 4


def load(item: LoadedItem, form: str, threads: int = 1) -> Model:  # noqa: ARG001
    """Loads a student from its plain form; it runs in the caller's thread."""
    if item.entry.student == "pairs":
        from kd_edge_runtime.backends import pairs

        return pairs.load(item, form)
    return PlainModel(item.bag(form))


class _Words:
    """A cache of what each word adds to a response.

    Attributes:
        met: for each cached word the sum of its own rows (the word and its grams), and a
            dictionary of the words that form a known pair with it when they come next: their
            own sum plus the pair's row.
        room: the bytes that are still free in the cache.
    """

    def __init__(self, student: BagStudent) -> None:
        known, dimensions = student.vocabulary, student.weights.dimensions
        stride = 4 * (dimensions + 1)
        wide = bytearray(stride * known.size)
        wide[::stride] = b"\1" * known.size
        # Adding 128 to a signed byte flips its highest bit.
        high = student.weights.table.translate(bytes(code ^ 0x80 for code in range(256)))
        for lane in range(dimensions):
            wide[4 * lane + 4 :: stride] = high[lane::dimensions]
        # Each row as the bytes of an integer.
        rows = [row for (row,) in Struct(f"{stride}s").iter_unpack(wide)]
        self._rows = rows
        self._places = known.word_rows()
        self._grams = dict(zip(known.grams, rows[len(known.words) :]))
        self._hashes = GramHashes(known.gram if known.grams else 0)
        # For each place of a pair's second word: the places of first words, with the pairs' rows.
        self._before: dict[int, list[tuple[int, bytes]]] = {}
        for row, pair in zip(rows[known.pairs_start :], known.pairs):
            self._before.setdefault(pair & 0xFFFF, []).append((pair >> 16, row))
        # For each place of a first word: the dictionary in `met`, shared by all words of this
        # place (several words may have the same hash).
        self._after: dict[int, dict[str, int]] = {pair >> 16: {} for pair in known.pairs}
        self._nothing: dict[str, int] = {}
        self.met: dict[str, tuple[int, dict[str, int]]] = {}
        self.forget()

    def forget(self) -> None:
        """Empties the cache."""
        self.met.clear()
        for following in self._after.values():
            following.clear()
        self.met[""] = 0, self._nothing
        self.room = _KEPT

    def meet(self, word: str) -> tuple[int, dict[str, int]]:
        """Adds a new word to the cache and returns its entry."""
        rows = filter(None, map(self._grams.get, self._hashes(word)))
        own = sum(map(int.from_bytes, rows, _LITTLE))  # type: ignore[arg-type]
        after = self._nothing
        place = self._places.get(hash_word(word))
        if place is not None:
            own += int.from_bytes(self._rows[place], "little")
            after = self._after.get(place, after)
            for first, row in self._before.get(place, ()):
                self._after[first][word] = own + int.from_bytes(row, "little")
                self.room -= _WORD
        self.room -= len(word) + _WORD
        entry = self.met[word] = own, after
        return entry


class PlainModel:
    """A bag student in plain Python.

    Args:
        student: a student that was read from a bundle.
    """

    def __init__(self, student: BagStudent) -> None:
        self._words = _Words(student)
        self._response_words = student.vocabulary.reader()
        few = len(student.weights.head) <= _FEW
        self._network = (_few_classes if few else _many_classes)(student.weights)
        layout = Struct(f"<{student.weights.dimensions + 1}I")
        self._unpack, self._bytes = layout.unpack, layout.size

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        return [probabilities for _, _, probabilities in self.read(texts)]

    def read(self, texts: Sequence[str]) -> Iterator[tuple[list[str], int, tuple[float, ...]]]:
        """Each response's words, number of known n-grams (N in FORMAT.md) and probabilities."""
        known, lanes, network = self._words, self._lanes, self._network
        words = self._response_words
        for text in texts:
            if known.room < 0:
                known.forget()
            response = words(text)
            sums = lanes(response) if len(response) <= _AT_ONCE else self._long_lanes(response)
            yield response, sums[0], network(sums)

    def _long_lanes(self, response: list[str]) -> list[int]:
        """As `_lanes`, for more words than fit in the lanes."""
        parts = [self._lanes(response[:_AT_ONCE])]
        for start in range(_AT_ONCE, len(response), _AT_ONCE):
            if self._words.room < 0:
                self._words.forget()
            before = response[start - 1]
            self._words.meet(before)
            parts.append(self._lanes(response[start : start + _AT_ONCE], before))
        return [*map(sum, zip(*parts))]

    def _lanes(self, response: list[str], before: str = "") -> tuple[int, ...]:
        """The number of known n-grams, and the sum of each dimension.

        Args:
            response: words.
            before: the cached word before them, which only begins a pair; "" for none.
        """
        met, total = self._words.met, 0
        after = met[before][1]
        for word in response:
            try:
                own, following = met[word]
            except KeyError:
                own, following = self._words.meet(word)
            total += after.get(word, own)
            after = following
        return self._unpack(total.to_bytes(self._bytes, "little"))


def _few_classes(weights: BagWeights) -> _Network:
    """The network for up to `_FEW` classes, with the loops over classes unrolled."""
    number = len(weights.head)
    # Unused classes fill up to `_FEW`; their probability is 0.
    spare = _FEW - number
    b0, b1, b2, b3 = (*weights.head_bias, *(-inf,) * spare)
    columns = [
        (scale, bias, *column, *(0.0,) * spare)
        for scale, bias, column in zip(weights.scale, weights.bias, zip(*weights.head))
    ]

    def probabilities(lanes: Sequence[int]) -> tuple[float, ...]:
        rows, *sums = lanes
        factor, offset = 1.0 / sqrt(rows or 1), 128 * rows
        l0, l1, l2, l3 = b0, b1, b2, b3
        for total, (scale, bias, w0, w1, w2, w3) in zip(sums, columns):
            hidden = (total - offset) * scale * factor + bias
            if hidden > 0.0:
                l0 += hidden * w0
                l1 += hidden * w1
                l2 += hidden * w2
                l3 += hidden * w3
        top = max(l0, l1, l2, l3)
        p0, p1, p2, p3 = exp(l0 - top), exp(l1 - top), exp(l2 - top), exp(l3 - top)
        whole = p0 + p1 + p2 + p3
        return (p0 / whole, p1 / whole, p2 / whole, p3 / whole)[:number]

    return probabilities


def _many_classes(weights: BagWeights) -> _Network:
    """The same for any number of classes."""
    columns = [*zip(weights.scale, weights.bias, zip(*weights.head))]

    def probabilities(lanes: Sequence[int]) -> tuple[float, ...]:
        rows, *sums = lanes
        factor, offset = 1.0 / sqrt(rows or 1), 128 * rows
        logits: Sequence[float] = weights.head_bias
        for total, (scale, bias, column) in zip(sums, columns):
            hidden = (total - offset) * scale * factor + bias
            if hidden > 0.0:
                logits = [logit + hidden * weight for logit, weight in zip(logits, column)]
        top = max(logits)
        powers = [exp(logit - top) for logit in logits]
        whole = sum(powers)
        return tuple([power / whole for power in powers])

    return probabilities
