"""What each word adds to a response, cached between responses: one addition per word.

Both classes give the same sums. `IndexedWords` adds up a word and the pairs that it completes when
it meets the word, so that scoring looks up little; `SortedWords` looks up each pair, and takes a
fraction of the memory.
"""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.text.vocabulary import hash_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Callable

    from kd_edge_runtime.students.table_rows import Indexed, Sorted

    Hashes = Callable[[str], Iterable[int]]

# The estimated size in bytes of an entry, for a word besides its letters and for each pair.
WORD = 240
PAIR = 120


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


class SortedWords:
    """A cache of what each word adds to a response; see `IndexedWords`.

    Attributes:
        met: for each cached word the sum of its own rows, and its place, -1 for an unknown one.
    """

    def __init__(self, rows: Sorted, hashes: Hashes) -> None:
        self._rows, self._hashes = rows, hashes
        self.met: dict[str, tuple[int, int]] = {}
        # The rows of the pairs of known words met, by their places; 0 for unknown pairs.
        self._pairs: dict[int, int] = {}
        self.room = 0
        self.full = False

    def total(self, response: Sequence[str], before: str = "") -> int:
        """See `IndexedWords.total`."""
        met, pairs, total, first = self.met, self._pairs, 0, -1
        if before:
            first = (met.get(before) or self._meet(before))[1]
        for word in response:
            try:
                own, place = met[word]
            except KeyError:
                own, place = self._meet(word)
            total += own
            if first >= 0 and place >= 0:
                row = pairs.get(first << 16 | place)
                total += self._meet_pair(first, place) if row is None else row
            first = place
        return total

    def _meet(self, word: str) -> tuple[int, int]:
        entry = self._rows.own(hash_word(word), self._hashes(word))
        if not self.full:
            self.met[word] = entry
            self.room -= len(word) + WORD
        return entry

    def _meet_pair(self, first: int, second: int) -> int:
        row = self._rows.pair(first, second)
        if not self.full:
            self._pairs[first << 16 | second] = row
            self.room -= PAIR
        return row
