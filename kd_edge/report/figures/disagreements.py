"""The responses on which the student disagrees most with people or with the teacher.

They contain students' words: show them only to people who have the responses anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import NO_SCORE
from kd_edge.evaluation.rsmtool import RAW, Values
from kd_edge.report.figures.scorers import points_of
from kd_edge.runs.test_scores import ScoredRows
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer

SHOWN = 10
"""Number of responses in each list."""

Explain = Callable[[str, int], str]
"""Returns the words for and against a response's class, in a line; "" if these are unknown."""

_FOR, _AGAINST = 5, 3


@dataclass(frozen=True)
class Disagreement:
    """One response with all its scores, each by its name in the data.

    Attributes:
        response_id: its id; after the id of its question if there are many questions.
        text: what the student wrote.
        human: people's score.
        second: the second rater's score, "" without one.
        teacher: the teacher's score.
        student: the score of the student on a device.
        confidence: of the student, 0 to 1.
        why: the words for and against the student's score, "" where these are unknown.
    """

    response_id: str
    text: str
    human: str
    second: str
    teacher: str
    student: str
    confidence: float
    why: str = ""


@dataclass(frozen=True)
class Disagreements:
    """The worst disagreements of an item, at most `SHOWN` of each kind, the worst first.

    Attributes:
        furthest: scores furthest from people's; empty over words, which have no distance.
        surest: scores that differ from people's, by confidence.
        teacher: scores furthest from the teacher's.
    """

    furthest: tuple[Disagreement, ...]
    surest: tuple[Disagreement, ...]
    teacher: tuple[Disagreement, ...]


def disagreements(
    scored: ScoredRows, scale: Scale, explain: Explain | None = None
) -> Disagreements:
    """The worst disagreements of a student on a device; `explain` explains its scores."""
    bundle, teacher = scored.bundle, scored.teacher
    wrong = bundle.predicted != scored.human
    other = bundle.predicted != teacher.predicted

    def worst(chosen: npt.NDArray[np.bool_], *by: Values) -> tuple[Disagreement, ...]:
        """The chosen responses, sorted by the first of `by`, then the next, largest first."""
        order = np.lexsort([-values for values in reversed(by)])
        places = [at for at in order.tolist() if chosen[at]][:SHOWN]
        return tuple(_disagreement(scored, scale.classes, explain, at) for at in places)

    distance = np.abs(bundle.probabilities - teacher.probabilities).sum(axis=1)
    furthest: tuple[Disagreement, ...] = ()
    if scale.numeric:
        values = np.array(scale.values, dtype=np.float64)
        human, given = values[scored.human], values[bundle.predicted]
        furthest = worst(wrong, np.abs(human - given), np.abs(human - bundle.expected))
        distance = np.abs(points_of(teacher, scale)[RAW] - bundle.expected)
    return Disagreements(furthest, worst(wrong, bundle.confidence), worst(other, distance))


def reasons(scorer: Scorer, item_id: str) -> Explain:
    """A function that explains an item's scores, where its student is a bag of n-grams."""

    def explain(text: str, given: int) -> str:
        try:
            explanation = scorer.explain(text, item_id)
        except InputError:
            return ""
        words = sorted(
            (push.pushes[given], f"{' '.join(push.words)} {push.pushes[given]:+.2f}")
            for push in explanation.pushes
        )
        in_favour = [word for value, word in reversed(words) if value > 0][:_FOR]
        against = [word for value, word in words if value < 0][:_AGAINST]
        unknown = explanation.unknown
        parts = [("for this score", in_favour), ("against it", against), ("unknown words", unknown)]
        return "; ".join(f"{head}: {', '.join(names)}" for head, names in parts if names)

    return explain


def _disagreement(
    scored: ScoredRows, classes: Sequence[str], explain: Explain | None, at: int
) -> Disagreement:
    second = scored.second[at]
    given = int(scored.bundle.predicted[at])
    question = f"{scored.questions[at]}: " if scored.questions else ""
    return Disagreement(
        response_id=question + scored.ids[at],
        text=scored.texts[at],
        human=classes[scored.human[at]],
        second="" if second == NO_SCORE else classes[second],
        teacher=classes[scored.teacher.predicted[at]],
        student=classes[given],
        confidence=float(scored.bundle.confidence[at]),
        why=explain(scored.texts[at], given) if explain else "",
    )
