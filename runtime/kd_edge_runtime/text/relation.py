"""How a response relates to its question and the reference answers, as numbers from 0 to 1.

A `pairs` student serves many questions with one network: what is specific to a question is not
in its weights but in these numbers and in which words occur in a reference. Only hashes of
words are stored. FORMAT.md describes the bytes and every number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import log
from struct import error, unpack_from

from kd_edge_runtime._light_stdlib import dataclass
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.system.ordered_sums import ordered_sum
from kd_edge_runtime.text.vocabulary import MAX_WORD, grams, hash_gram, hash_word

RELATION_RULES = 1

# The names of the numbers, in the order of `Relation.numbers`.
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
    """The hash of a word of at most `MAX_WORD` characters, and the hashes of its runs of four."""
    return hash_word(word), frozenset(map(hash_gram, grams(word, _GRAM)))


@dataclass(frozen=True)
class Reference:
    """A reference answer.

    Attributes:
        order: the hashes of its words in order, at least one.
        grams: the hashes of its words' runs of four characters.
    """

    order: tuple[int, ...]
    grams: frozenset[int]


@dataclass(frozen=True)
class Relation:
    """What a student knows about a question.

    Attributes:
        question: the hashes of its words.
        references: its reference answers, at least one.
        weights: the weight of each word of a reference, by hash; whole numbers above 0.
    """

    question: frozenset[int]
    references: tuple[Reference, ...]
    weights: Mapping[int, int]

    @classmethod
    def from_bytes(cls, data: bytes) -> Relation:
        """Reads a question's member; see FORMAT.md.

        Raises:
            BundleError: the bytes are not a valid member.
        """
        offset = 0

        def take() -> tuple[int, ...]:
            nonlocal offset
            (number,) = unpack_from("<I", data, offset)
            values = unpack_from(f"<{number}I", data, offset + 4)
            offset += 4 + 4 * number
            return values

        try:
            question = take()
            (number,) = take()
            references = [Reference(take(), frozenset(take())) for _ in range(number)]
            weights = take()
            codes = sorted({code for reference in references for code in reference.order})
            valid = (
                offset == len(data)
                and all(reference.order for reference in references)
                and len(codes) == len(weights) > 0 < min(weights)
            )
        except (error, ValueError, OverflowError, MemoryError):
            valid = False
        if not valid:
            raise BundleError("the vectorizer does not contain a valid question")
        return cls(frozenset(question), tuple(references), dict(zip(codes, weights)))

    def numbers(self, words: Sequence[str]) -> list[float]:
        """The numbers that relate a response to the question.

        Args:
            words: the response's words, by the text rules.

        Returns:
            The `NUMBERS`, each 0 to 1 (except `log length`, which exceeds 1 above 147 words).
        """
        hashes = [hashed(word[:MAX_WORD]) for word in words]
        order = [code for code, _ in hashes]
        response = set(order)
        distinct = len(response) or 1
        best = self.nearest(response)
        recall = self._recall(best.order, response)
        new = set(best.order) - self.question
        pairs = set(zip(best.order, best.order[1:]))
        runs: set[int] = set().union(*(word_runs for _, word_runs in set(hashes)))
        reference_negated = bool(_NEGATIONS.intersection(best.order))
        response_negated = bool(_NEGATIONS.intersection(response))
        return [
            recall,
            self._recall(new, response) if new else recall,
            len(response.intersection(best.order)) / distinct,
            _share(len(pairs.intersection(zip(order, order[1:]))), len(pairs)),
            _share(len(best.grams & runs), len(best.grams)),
            float(response_negated and not reference_negated),
            float(reference_negated and not response_negated),
            min(len(order) / len(best.order), 2.0) / 2.0,
            len(response & self.question) / distinct,
            len(response - self.question - self.weights.keys()) / distinct,
            len(response & self.weights.keys()) / len(self.weights),
            ordered_sum(self._recall(ref.order, response) for ref in self.references)
            / len(self.references),
            log(1 + len(order)) / _LONG,
        ]

    def nearest(self, response: set[int]) -> Reference:
        """The reference with the highest recall.

        Args:
            response: the hashes of the response's words.

        Returns:
            The reference; of equals the one with more distinct words in common, then the first.
        """
        return max(
            self.references,
            key=lambda ref: (
                self._recall(ref.order, response),
                len(response.intersection(ref.order)),
            ),
        )

    def _recall(self, codes: Iterable[int], response: set[int]) -> float:
        """The share of distinct words, by weight, that occur in a response."""
        distinct = set(codes)
        weight = self.weights.__getitem__
        return sum(map(weight, distinct & response)) / sum(map(weight, distinct))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
