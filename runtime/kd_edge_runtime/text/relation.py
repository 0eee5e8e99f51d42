"""How a response relates to its question and the reference answers, as numbers from 0 to 1.

A `pairs` student serves many questions with one network: what is peculiar to a question is
not in its weights but in these numbers, and in which words stand in a reference. Only hashes
of words are kept. FORMAT.md describes the bytes and every number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import log
from struct import error, unpack_from

from kd_edge_runtime._light_stdlib import dataclass
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.text.vocabulary import MAX_WORD, grams, hash_gram, hash_word

RELATION_RULES = 1

# The numbers, in the order in which `Relation.numbers` gives them.
NUMBERS = (
    "recall",
    "new recall",
    "precision",
    "pairs",
    "grams",
    "negation added",
    "negation missing",
    "length",
    "in question",
    "elsewhere",
    "any recall",
    "mean recall",
    "log length",
)

_GRAM = 4
# fmt: off
_NEGATIONS = frozenset(map(hash_word, (
    "no", "not", "never", "nothing", "none", "neither", "nor", "cannot", "cant", "dont", "doesnt",
    "didnt", "isnt", "arent", "wasnt", "werent", "wont", "wouldnt", "without",
)))
# fmt: on
_LONG = 5.0  # the logarithm of 147 words


@lru_cache(maxsize=10_000)
def hashed(word: str) -> tuple[int, frozenset[int]]:
    """The hash of a word of at most `MAX_WORD` characters, and those of its runs of four."""
    return hash_word(word), frozenset(map(hash_gram, grams(word, _GRAM)))


@dataclass(frozen=True)
class Reference:
    """A reference answer.

    Attributes:
        order: hashes of its words as they stand, at least one.
        grams: hashes of its words' runs of four characters.
    """

    order: tuple[int, ...]
    grams: frozenset[int]


@dataclass(frozen=True)
class Relation:
    """What a student knows of a question.

    Attributes:
        question: hashes of its words.
        references: its reference answers, at least one.
        weights: what each word of a reference counts, by hash; whole numbers above 0.
    """

    question: frozenset[int]
    references: tuple[Reference, ...]
    weights: Mapping[int, int]

    @classmethod
    def from_bytes(cls, data: bytes) -> Relation:
        """Reads a question's member, see FORMAT.md.

        Raises:
            BundleError: the bytes hold no such thing.
        """
        at = 0

        def take() -> tuple[int, ...]:
            nonlocal at
            (number,) = unpack_from("<I", data, at)
            found = unpack_from(f"<{number}I", data, at + 4)
            at += 4 + 4 * number
            return found

        try:
            question = take()
            (number,) = take()
            references = [Reference(take(), frozenset(take())) for _ in range(number)]
            weights = take()
            codes = sorted({code for one in references for code in one.order})
            good = (
                at == len(data)
                and all(one.order for one in references)
                and len(codes) == len(weights) > 0 < min(weights)
            )
        except (error, ValueError, OverflowError, MemoryError):
            good = False
        if not good:
            raise BundleError("the vectorizer does not hold a question and its references")
        return cls(frozenset(question), tuple(references), dict(zip(codes, weights)))

    def numbers(self, words: Sequence[str]) -> list[float]:
        """What relates a response to the question.

        Args:
            words: the response's, by the text rules.

        Returns:
            The `NUMBERS`, each 0 to 1 (`log length` goes on rising above 147 words).
        """
        seen = [hashed(word[:MAX_WORD]) for word in words]
        order = [code for code, _ in seen]
        here = set(order)
        different = len(here) or 1
        best = self.nearest(here)
        recall = self._recall(best.order, here)
        new = set(best.order) - self.question
        pairs = set(zip(best.order, best.order[1:]))
        typed: set[int] = set().union(*(found for _, found in set(seen)))
        denied, denies = (bool(_NEGATIONS.intersection(one)) for one in (best.order, here))
        return [
            recall,
            self._recall(new, here) if new else recall,
            len(here.intersection(best.order)) / different,
            _share(len(pairs.intersection(zip(order, order[1:]))), len(pairs)),
            _share(len(best.grams & typed), len(best.grams)),
            float(denies and not denied),
            float(denied and not denies),
            min(len(order) / len(best.order), 2.0) / 2.0,
            len(here & self.question) / different,
            len(here - self.question - self.weights.keys()) / different,
            len(here & self.weights.keys()) / len(self.weights),
            sum(self._recall(one.order, here) for one in self.references) / len(self.references),
            log(1 + len(order)) / _LONG,
        ]

    def nearest(self, here: set[int]) -> Reference:
        """The reference that a response recalls most of.

        Args:
            here: hashes of the response's words.

        Returns:
            Of equals the one with more different words in common, then the first.
        """
        return max(
            self.references,
            key=lambda one: (self._recall(one.order, here), len(here.intersection(one.order))),
        )

    def _recall(self, codes: Iterable[int], here: set[int]) -> float:
        """The share, by weight, of different words that are in a response."""
        different = set(codes)
        weigh = self.weights.__getitem__
        return sum(map(weigh, different & here)) / sum(map(weigh, different))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
