"""How many known n-grams a response has: N of FORMAT.md, for backends that do not tell it."""

from __future__ import annotations

from collections.abc import Sequence

from kd_edge_runtime.text.vocabulary import MAX_WORD, BagVocabulary, grams, hash_gram, hash_word

# Words kept between responses.
_KEPT = 20_000


class Known(dict[str, "tuple[int, int]"]):
    """Counts known n-grams; as a dictionary, each word's place and its own n-grams.

    Args:
        vocabulary: what is known.
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
        found = place, (place >= 0) + sum(map(self._grams.__contains__, runs))
        if len(word) <= MAX_WORD and len(self) < _KEPT:
            self[word] = found
        return found

    def count(self, words: Sequence[str]) -> int:
        """The known n-grams of a response, each time one stands there."""
        total, before = 0, -1
        for place, own in map(self.__getitem__, words):
            # With an unknown word, -1, there is no pair: its code is negative, or too large.
            total += own + ((before << 16 | place) in self._pairs)
            before = place
        return total
