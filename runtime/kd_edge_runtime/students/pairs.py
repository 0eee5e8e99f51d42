"""A `pairs` student: one network for many questions, and the table rows of a response.

FORMAT.md describes the bytes of its `plain-int8` form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import isfinite
from struct import unpack_from

from kd_edge_runtime._light_stdlib import dataclass
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.students.bag import BagWeights
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text.relation import NUMBERS, RELATION_RULES, Relation
from kd_edge_runtime.text.vocabulary import BagVocabulary, grams, hash_gram, hash_word


@dataclass(frozen=True)
class PairsStudent:
    """The network that questions share, over V n-grams of which W are words.

    Attributes:
        vocabulary: the n-grams.
        related: for each number of the relation, what it adds to the D dimensions.
        weights: as for a bag, but its table has V rows, then three times W: for words of a
            reference, for words of the question only, and for words of a reference that are
            missing from the response.
    """

    vocabulary: BagVocabulary
    related: tuple[tuple[float, ...], ...]
    weights: BagWeights


# The questions of a bundle share one network, which is cached.
@lru_cache(maxsize=2)
def _student(
    data: bytes, rules: int, gram: int, sizes: tuple[int, ...], dimensions: int, classes: int
) -> PairsStudent:
    start = 4 * sum(sizes)
    vocabulary = BagVocabulary.from_bytes(data[:start], gram, list(sizes), rules)
    end = start + 4 * dimensions * len(NUMBERS)
    if dimensions < 1 or len(data) < end:
        raise BundleError("the size of the plain weights does not match the manifest")
    related = tuple(
        unpack_from(f"<{dimensions}f", data, offset) for offset in range(start, end, 4 * dimensions)
    )
    if not all(isfinite(number) for row in related for number in row):
        raise BundleError("the plain weights contain a value that is not finite")
    rows = vocabulary.size + 3 * len(vocabulary.words)
    weights = BagWeights.from_bytes(data[end:], rows, dimensions, classes)
    return PairsStudent(vocabulary, related, weights)


def read(item: LoadedItem, form: str) -> PairsStudent:
    """The network of an item; items with the same member share it.

    Raises:
        BackendError: the bundle does not have this form.
        BundleError: it is damaged, or uses rules that this version does not know.
    """
    check_relation(item)
    return _student(
        item.form(form),
        item.rules(),
        item.number("gram"),
        item.sizes(),
        item.number("dimensions"),
        len(item.entry.classes),
    )


def check_relation(item: LoadedItem) -> None:
    """Refuses relation rules that this version does not know.

    Raises:
        BundleError: the item uses such rules.
    """
    rules = item.number("relation")
    if rules != RELATION_RULES:
        raise BundleError(
            f"item '{item.entry.item_id}' needs relation rules {rules}; this version has "
            f"{RELATION_RULES}: update kd-edge-runtime on this device"
        )


class RowsOf:
    """The rows of the table that a response to one question adds up.

    Args:
        vocabulary: the n-grams.
        relation: the question and its references.
    """

    def __init__(self, vocabulary: BagVocabulary, relation: Relation) -> None:
        known, words = vocabulary.size, vocabulary.word_rows()
        self._places = words
        self._word_rows = {
            code: place
            + (
                known
                if code in relation.weights
                else known + len(words)
                if code in relation.question
                else 0
            )
            for code, place in words.items()
        }
        self._missing = {
            code: known + 2 * len(words) + words[code] for code in relation.weights if code in words
        }
        self._pairs = dict(zip(vocabulary.pairs, range(vocabulary.pairs_start, known)))
        self._grams = vocabulary.gram_rows()
        self._gram = vocabulary.gram if vocabulary.grams else 0

    def __call__(self, response_words: Sequence[str]) -> Iterator[int]:
        """The rows for a response's words, repeated as often as they count."""
        codes = [*map(hash_word, response_words)]
        for code in codes:
            if code in self._word_rows:
                yield self._word_rows[code]
        places = [self._places.get(code, -1) for code in codes]
        for first, second in zip(places, places[1:]):
            # A pair with an unknown word has a negative code, which no known pair has.
            if (first << 16 | second) in self._pairs:
                yield self._pairs[first << 16 | second]
        for word in response_words if self._gram else ():
            for code in map(hash_gram, grams(word, self._gram)):
                if code in self._grams:
                    yield self._grams[code]
        for code in self._missing.keys() - codes:
            yield self._missing[code]

    def parts(self, response_words: Sequence[str]) -> dict[tuple[str, ...], list[int]]:
        """The same rows by the word or the two neighbours that bring them.

        Those of the words that are missing are under `()`.
        """
        found: dict[tuple[str, ...], list[int]] = {}
        codes = [*map(hash_word, response_words)]
        for word, code in zip(response_words, codes):
            runs = map(hash_gram, grams(word, self._gram)) if self._gram else ()
            own = [self._word_rows.get(code), *map(self._grams.get, runs)]
            _add(found, (word,), own)
        places = [self._places.get(code, -1) for code in codes]
        for at, (first, second) in enumerate(zip(places, places[1:])):
            key = response_words[at], response_words[at + 1]
            _add(found, key, [self._pairs.get(first << 16 | second)])
        _add(found, (), [self._missing[code] for code in self._missing.keys() - codes])
        return found


def _add(
    found: dict[tuple[str, ...], list[int]], key: tuple[str, ...], rows: Sequence[int | None]
) -> None:
    known = [row for row in rows if row is not None]
    if known:
        found.setdefault(key, []).extend(known)
