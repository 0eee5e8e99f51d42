"""What each word adds to a response, cached between responses: one addition per word.

A row of the student's table is one integer in which each signed byte has 128 added, so that lanes
never borrow, and adding rows is integer addition. The lowest lane counts the rows, and so how often
128 must be subtracted again. `Indexed` finds a word's rows with dictionaries, and `IndexedWords`
adds up a word and the pairs that it completes when it meets the word, so that scoring looks up
little. `sorted_words` has two classes that give the same sums and take a fraction of the memory.
"""

from __future__ import annotations

from itertools import repeat
from struct import Struct

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.text.vocabulary import hash_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Callable

    from kd_edge_runtime.students.bag import BagStudent

    Hashes = Callable[[str], Iterable[int]]

# The estimated size in bytes of an entry, for a word besides its letters and for each pair.
WORD = 240
PAIR = 120

INDEX_BYTES = 180
"""The bytes that `Indexed` takes per n-gram, estimated."""

# Adding 128 to a signed byte flips its highest bit.
FLIPPED = bytes(code ^ 0x80 for code in range(256))
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
        high = student.weights.table.translate(FLIPPED)
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


class IndexedWords:
    """A cache of what each word adds to a response.

    Args:
        rows: where the rows of new words are found.
        hashes: of a word's runs of characters.

    Attributes:
        met: for each cached word the sum of its own rows (the word and its grams), and a
            dictionary of the words that form a known pair with it when they come next: their
            own sum plus the pair's row.
        room: the bytes granted that are still free; below 0 if more were used.
        full: whether new words are no longer cached.
    """

    def __init__(self, rows: Indexed, hashes: Hashes) -> None:
        self._rows, self._hashes = rows, hashes
        # For each place of a first word: the dictionary in `met`, shared by all words of this
        # place (several words may have the same hash).
        self._after: dict[int, dict[str, int]] = {}
        self._nothing: dict[str, int] = {}
        self.met: dict[str, tuple[int, dict[str, int]]] = {}
        self.room = 0
        self.full = False

    def total(self, response: Sequence[str], before: str = "") -> int:
        """The sum of the rows of a response's words.

        Args:
            response: words.
            before: the word before them, which only begins a pair; "" for none.
        """
        met, total, after = self.met, 0, self._nothing
        if before:
            after = (met.get(before) or self._meet(before, after))[1]
        for word in response:
            try:
                own, following = met[word]
            except KeyError:
                own, following = self._meet(word, after)
            total += after.get(word, own)
            after = following
        return total

    def _meet(self, word: str, after: dict[str, int]) -> tuple[int, dict[str, int]]:
        """The entry of a word that is not cached, which is cached unless the cache is full.

        With a full cache, the row of the pair with the word of the dictionary `after` is in the
        sum that is returned, and in no dictionary.
        """
        own, place = self._rows.own(hash_word(word), self._hashes(word))
        following = self._nothing
        if place in self._rows.firsts:
            following = self._after.setdefault(place, {})
        pairs = self._rows.before.get(place, ())
        if self.full:
            for first, row in pairs:
                if self._after.get(first) is after:
                    own += int.from_bytes(row, "little")
            return own, following
        for first, row in pairs:
            self._after.setdefault(first, {})[word] = own + int.from_bytes(row, "little")
            self.room -= PAIR
        self.room -= len(word) + WORD
        entry = self.met[word] = own, following
        return entry
