"""The plain-Python backend: no numpy, exact, and quick since a word is two look-ups and a sum.

The D sums of a bag student are lanes of one Python integer: a row of the table is one
integer, each of its signed bytes stored with 128 added so that lanes never borrow, and
adding rows is integer addition. The lowest lane counts the rows, which tells how many
times 128 to take off again. A word's own n-grams add up to one number that is kept, and
so does a word with the pair that it ends: one number a word is all there is to add.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from math import exp, inf, sqrt
from struct import Struct

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.students.bag import BagStudent, BagWeights
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text.rules import words
from kd_edge_runtime.text.vocabulary import GramHashes, hash_word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable

    from kd_edge_runtime.backends import Model

    # From the number of rows and the D sums, each 128 too large for each row, to probabilities.
    _Network = Callable[[Sequence[int]], tuple[float, ...]]

# A lane of 32 bits overflows after 2^32 / 255 rows, 16 million. A word brings at most 39
# grams, itself and one pair; so this many words at once are safe.
_AT_ONCE = 100_000

# What may be kept of words between responses, in bytes: their letters, and so many for each word
# with its grams and for each pair it ends.
_KEPT = 20_000_000
_WORD = 400

_LITTLE = repeat("little")

# Classes of most items.
_FEW = 4


def load(item: LoadedItem, form: str, threads: int = 1) -> Model:  # noqa: ARG001
    """Loads a student from its plain form, whose one thread is the caller's."""
    if item.entry.student == "pairs":
        from kd_edge_runtime.backends import pairs

        return pairs.load(item, form)
    return PlainModel(item.bag(form))


class _Words:
    """What each word met adds to a response.

    Attributes:
        met: for each word the sum of its own rows, of the word itself and its grams; and, by the
            words that make a known pair with it when they come next, their own sum and the
            pair's row.
        room: what may still be kept.
    """

    def __init__(self, student: BagStudent) -> None:
        known, dimensions = student.vocabulary, student.weights.dimensions
        stride = 4 * (dimensions + 1)
        wide = bytearray(stride * known.size)
        wide[::stride] = b"\1" * known.size
        # Adding 128 to a signed byte is flipping its highest bit.
        high = student.weights.table.translate(bytes(code ^ 0x80 for code in range(256)))
        for lane in range(dimensions):
            wide[4 * lane + 4 :: stride] = high[lane::dimensions]
        # Each row as the bytes of an integer.
        rows = [row for (row,) in Struct(f"{stride}s").iter_unpack(wide)]
        self._rows = rows
        self._places = known.word_rows()
        self._grams = dict(zip(known.grams, rows[len(known.words) :]))
        self._hashes = GramHashes(known.gram if known.grams else 0)
        # By the place of a pair's second word: the place of the first, and the pair's row.
        self._before: dict[int, list[tuple[int, bytes]]] = {}
        for row, pair in zip(rows[known.pairs_start :], known.pairs):
            self._before.setdefault(pair & 0xFFFF, []).append((pair >> 16, row))
        # By the place of its first word: what `met` has for all words of this place, of which
        # there may be several with the same hash.
        self._after: dict[int, dict[str, int]] = {pair >> 16: {} for pair in known.pairs}
        self._nothing: dict[str, int] = {}
        self.met: dict[str, tuple[int, dict[str, int]]] = {}
        self.forget()

    def forget(self) -> None:
        """Forgets all words."""
        self.met.clear()
        for one in self._after.values():
            one.clear()
        self.met[""] = 0, self._nothing
        self.room = _KEPT

    def meet(self, word: str) -> tuple[int, dict[str, int]]:
        """What `met` has from now on for a word that it has not."""
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
        found = self.met[word] = own, after
        return found


class PlainModel:
    """A bag student in plain Python.

    Args:
        student: the student as read from a bundle.
    """

    def __init__(self, student: BagStudent) -> None:
        self._words = _Words(student)
        few = len(student.weights.head) <= _FEW
        self._network = (_few_classes if few else _many_classes)(student.weights)
        layout = Struct(f"<{student.weights.dimensions + 1}I")
        self._unpack, self._bytes = layout.unpack, layout.size

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        return [found for _, _, found in self.read(texts)]

    def read(self, texts: Sequence[str]) -> Iterator[tuple[list[str], int, tuple[float, ...]]]:
        """Each response's words, its known n-grams (N of FORMAT.md) and its probabilities."""
        known, lanes, network = self._words, self._lanes, self._network
        for text in texts:
            if known.room < 0:
                known.forget()
            found = words(text)
            sums = lanes(found) if len(found) <= _AT_ONCE else self._summed(found)
            yield found, sums[0], network(sums)

    def _summed(self, found: list[str]) -> list[int]:
        """What `_lanes` gives, of more words than fit the lanes."""
        parts = [self._lanes(found[:_AT_ONCE])]
        for start in range(_AT_ONCE, len(found), _AT_ONCE):
            if self._words.room < 0:
                self._words.forget()
            self._words.meet(found[start - 1])
            parts.append(self._lanes(found[start : start + _AT_ONCE], found[start - 1]))
        return [*map(sum, zip(*parts))]

    def _lanes(self, found: list[str], before: str = "") -> tuple[int, ...]:
        """How many n-grams of the vocabulary there are, and the sum of each dimension.

        Args:
            found: words.
            before: the word before them, which has been met and only begins a pair; "" is none.
        """
        met, total = self._words.met, 0
        after = met[before][1]
        for word in found:
            try:
                own, following = met[word]
            except KeyError:
                own, following = self._words.meet(word)
            total += after.get(word, own)
            after = following
        return self._unpack(total.to_bytes(self._bytes, "little"))


def _few_classes(weights: BagWeights) -> _Network:
    """The network for up to `_FEW` classes, its loops over classes written out."""
    number = len(weights.head)
    # A class that is never meant, where there are fewer.
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
