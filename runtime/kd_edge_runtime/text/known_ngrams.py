"""Counts a response's known n-grams (N in FORMAT.md) for backends that do not count them."""

from __future__ import annotations

from collections.abc import Sequence

from kd_edge_runtime.text.vocabulary import MAX_WORD, BagVocabulary, grams, hash_gram, hash_word

# The estimated size in bytes of a cached word, besides its letters.
_WORD = 240


class _Words(dict[str, "tuple[int, int]"]):
    """Each word's place and number of known n-grams, cached within the room that was granted."""

    def __init__(self, vocabulary: BagVocabulary) -> None:
        super().__init__()
        self._places = vocabulary.word_rows()
        self._grams = frozenset(vocabulary.grams)
        self._length = vocabulary.gram
        self.room = 0
        self.full = False

    def __missing__(self, word: str) -> tuple[int, int]:
        place = self._places.get(hash_word(word), -1)
        runs = map(hash_gram, grams(word, self._length))
        entry = place, (place >= 0) + sum(map(self._grams.__contains__, runs))
        if len(word) <= MAX_WORD and not self.full:
            self[word] = entry
            self.room -= _WORD + len(word)
        return entry


class Known:
    """Counts known n-grams.

    Args:
        vocabulary: the known n-grams.

    Attributes:
        words: what is cached of words; see `students.word_cache`.
        used: as there.
    """

    def __init__(self, vocabulary: BagVocabulary) -> None:
        self.words = _Words(vocabulary)
        self._pairs = frozenset(vocabulary.pairs)
        self.used = 0

    def forget(self) -> None:
        """Empties the cache."""
        self.words.clear()
        self.words.room = 0

    def count(self, words: Sequence[str]) -> int:
        """The number of known n-grams in a response, counting repetitions."""
        total, before = 0, -1
        for place, own in map(self.words.__getitem__, words):
            # An unknown word has place -1: the code of its pair is negative or too large.
            total += own + ((before << 16 | place) in self._pairs)
            before = place
        return total
