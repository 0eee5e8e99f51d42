"""The rows of a bag's table as integers to add, and two ways to find those of a word.

A row is one integer in which each signed byte has 128 added, so that lanes never borrow, and adding
rows is integer addition. The lowest lane counts the rows, and so how often 128 must be subtracted
again. Both classes find the same rows: `Indexed` with dictionaries, which take ten times the
student's own size and find a new word's rows three times as fast; `Sorted` by bisection in the
student's own tables, for a bundle of many items.
"""

from __future__ import annotations

from itertools import repeat
from struct import Struct

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable

    from kd_edge_runtime.students.bag import BagStudent

INDEX_BYTES = 180
"""The bytes that `Indexed` takes per n-gram, estimated."""

# Adding 128 to a signed byte flips its highest bit.
_FLIPPED = bytes(code ^ 0x80 for code in range(256))
_LITTLE = repeat("little")


class Indexed:
    """Finds rows with dictionaries.

    Attributes:
        before: for the place of a pair's second word the places of first words, with the pairs'
            rows as bytes.
        firsts: the places of the first words of pairs.
    """

    def __init__(self, student: BagStudent) -> None:
        known, dimensions = student.vocabulary, student.weights.dimensions
        stride = 4 * (dimensions + 1)
        wide = bytearray(stride * known.size)
        wide[::stride] = b"\1" * known.size
        high = student.weights.table.translate(_FLIPPED)
        for lane in range(dimensions):
            wide[4 * lane + 4 :: stride] = high[lane::dimensions]
        rows = [row for (row,) in Struct(f"{stride}s").iter_unpack(wide)]
        self.before: dict[int, list[tuple[int, bytes]]] = {}
        for row, pair in zip(rows[known.pairs_start :], known.pairs):
            self.before.setdefault(pair & 0xFFFF, []).append((pair >> 16, row))
        self.firsts = frozenset([pair >> 16 for pair in known.pairs])
        self._rows = rows
        self._places = known.word_rows()
        self._grams = dict(zip(known.grams, rows[len(known.words) :]))

    def own(self, word: int, grams: Iterable[int]) -> tuple[int, int]:
        """The sum of a word's own rows and its place, -1 for an unknown one, by its hashes."""
        rows = filter(None, map(self._grams.get, grams))
        total = sum(map(int.from_bytes, rows, _LITTLE))  # type: ignore[arg-type]
        place = self._places.get(word)
        if place is None:
            return total, -1
        return total + int.from_bytes(self._rows[place], "little"), place


class Sorted:
    """Finds rows by bisection."""

    def __init__(self, student: BagStudent) -> None:
        from bisect import bisect_left

        known = student.vocabulary
        self._find = bisect_left
        self._dimensions = student.weights.dimensions
        self._table = student.weights.table
        self._words, self._grams, self._pairs = known.words, known.grams, known.pairs
        self._grams_start, self._pairs_start = len(known.words), known.pairs_start

    def own(self, word: int, grams: Iterable[int]) -> tuple[int, int]:
        """See `Indexed.own`."""
        total, codes, find = 0, self._grams, self._find
        for gram in grams:
            at = find(codes, gram)
            if at < len(codes) and codes[at] == gram:
                total += self._row(self._grams_start + at)
        place = self._at(self._words, word)
        return (total + self._row(place) if place >= 0 else total), place

    def pair(self, first: int, second: int) -> int:
        """The row of a pair of words by their places; 0 for an unknown pair."""
        at = self._at(self._pairs, first << 16 | second)
        return self._row(self._pairs_start + at) if at >= 0 else 0

    def _row(self, row: int) -> int:
        dimensions = self._dimensions
        wide = bytearray(4 * dimensions + 4)
        wide[0] = 1
        start = row * dimensions
        wide[4::4] = self._table[start : start + dimensions].translate(_FLIPPED)
        return int.from_bytes(wide, "little")

    def _at(self, codes: array[int], code: int) -> int:
        at = self._find(codes, code)
        return at if at < len(codes) and codes[at] == code else -1
