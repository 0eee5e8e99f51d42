"""Why a small model gave one score and not another: the response's words that spoke for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from kd_edge.data.languages import COMMON_WORDS
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students.explanation import Push

_SHOWN = 4
_UNKNOWN = 6

# Pushes below this, in log-odds, change nothing that anybody would notice.
_LEAST = 0.05


@dataclass(frozen=True)
class Reasons:
    """The words of a response that spoke for its score, rather than for another, and against it.

    Words that carry no content ("the", "is") are left out, though a model counts them too.

    Attributes:
        words_for: words, or two neighbouring ones, that spoke most for the score given.
        words_against: those that spoke most for the other score.
        unknown: words that the model does not know.
    """

    words_for: tuple[str, ...] = ()
    words_against: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


Explain = Callable[[str, int, int], Reasons]
"""Returns the reasons for which a text got the first class rather than the second."""


def reasons(scorer: Scorer, item_id: str) -> Explain:
    """A function that explains an item's scores; it finds none where its student is no bag."""

    def explain(text: str, given: int, other: int) -> Reasons:
        try:
            explanation = scorer.explain(text, item_id)
        except InputError:
            return Reasons()

        def leaning(push: Push) -> float:
            return push.pushes[given] - push.pushes[other]

        by_strength = sorted(explanation.pushes, key=lambda push: -abs(leaning(push)))
        telling = [
            push for push in by_strength if abs(leaning(push)) >= _LEAST and _says(push.words)
        ]
        return Reasons(
            _phrases(push.words for push in telling if leaning(push) > 0),
            _phrases(push.words for push in telling if leaning(push) < 0),
            tuple(word for word in explanation.unknown if _says((word,)))[:_UNKNOWN],
        )

    return explain


def _says(words: tuple[str, ...]) -> bool:
    """Whether a word has content: letters or digits, and is none of the commonest."""
    return any(
        any(letter.isalnum() for letter in word)
        and word not in COMMON_WORDS
        and word not in ENGLISH_STOP_WORDS
        for word in words
    )


def _phrases(pushes: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The first few, without those that share a word with content with one before."""
    chosen: list[str] = []
    shown: set[str] = set()
    for words in pushes:
        content = {word for word in words if _says((word,))}
        if not content & shown:
            chosen.append(" ".join(words))
            shown |= content
    return tuple(chosen[:_SHOWN])
