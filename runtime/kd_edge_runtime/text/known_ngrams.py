"""Counts a response's known n-grams (N in FORMAT.md) for backends that do not count them."""

from __future__ import annotations

from collections.abc import Sequence

from kd_edge_runtime.text.vocabulary import MAX_WORD, BagVocabulary, grams, hash_gram, hash_word

# The most words cached between responses.
_KEPT = 20_000


class Known(dict[str, "tuple[int, int]"]):
    """Counts known n-grams; as a dictionary, it caches each word's place and n-gram count.

    Args:
        vocabulary: the known n-grams.
    """

    def __init__(self, vocabulary: BagVocabulary) -> None:
        super().__init__()
        self._places = vocabulary.word_rows()
        self._grams = frozenset(vocabulary.grams)
        self._length = vocabulary.gram
        self._pairs = frozenset(vocabulary.pairs)

    def __missing__(self, word: str) -> tuple[int, int]:
        place = self._places.get(hash_word(word), -1)
        runs = map(hash_gram, grams(word, self._length))
        entry = place, (place >= 0) + sum(map(self._grams.__contains__, runs))
        if len(word) <= MAX_WORD and len(self) < _KEPT:
            self[word] = entry
        return entry

    def count(self, words: Sequence[str]) -> int:
        """The number of known n-grams in a response, counting repetitions."""
        total, before = 0, -1
        for place, own in map(self.__getitem__, words):
            # An unknown word has place -1: the code of its pair is negative or too large.
            total += own + ((before << 16 | place) in self._pairs)
            before = place
        return total
