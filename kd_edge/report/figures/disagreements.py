"""The responses that say most about a student: those on which it and others disagree most.

They are students' words, for the eyes of whoever has the responses anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import NO_SCORE
from kd_edge.evaluation.rsmtool import RAW, Values
from kd_edge.report.figures.reasons import Why
from kd_edge.report.figures.scorers import points_of
from kd_edge.runs.test_scores import Scored

SHOWN = 10
"""Responses in each list."""


@dataclass(frozen=True)
class Disagreement:
    """One response with what is said of it; scores as the responses write them.

    Attributes:
        response_id: its id, after that of its question where there are many.
        text: what the student wrote.
        human: the people's score.
        second: the second rater's, "" where there is none.
        teacher: the teacher's.
        student: the student's, on a device.
        confidence: how sure the student is, 0 to 1.
        why: which of its words spoke for the student's score and which against, "" where that
            cannot be said.
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
    """The worst of an item, `SHOWN` at most of each kind, the worst first.

    Attributes:
        furthest: scores furthest from the people's; none over words, which have no distance.
        surest: wrong scores of which the student is surest.
        teacher: scores furthest from the teacher's.
    """

    furthest: tuple[Disagreement, ...]
    surest: tuple[Disagreement, ...]
    teacher: tuple[Disagreement, ...]


def disagreements(scored: Scored, scale: Scale, why: Why | None = None) -> Disagreements:
    """The worst disagreements of a student on a device.

    Args:
        scored: the item's responses with what is said of them.
        scale: the item's classes.
        why: explains the student's scores.
    """
    bundle, teacher = scored.bundle, scored.teacher
    wrong = bundle.predicted != scored.human
    other = bundle.predicted != teacher.predicted

    def worst(which: np.ndarray, *by: Values) -> tuple[Disagreement, ...]:
        """Those of `which`, by the first of `by` and then the next, largest first."""
        order = np.lexsort([-values for values in reversed(by)])
        places = [at for at in order.tolist() if which[at]][:SHOWN]
        return tuple(map(_teller(scored, scale.classes, why), places))

    apart = np.abs(bundle.probabilities - teacher.probabilities).sum(axis=1)
    furthest: tuple[Disagreement, ...] = ()
    if scale.numeric:
        values = np.array(scale.values, dtype=np.float64)
        human, given = values[scored.human], values[bundle.predicted]
        furthest = worst(wrong, np.abs(human - given), np.abs(human - bundle.expected))
        apart = np.abs(points_of(teacher, scale)[RAW] - bundle.expected)
    return Disagreements(furthest, worst(wrong, bundle.confidence), worst(other, apart))


def _teller(
    scored: Scored, classes: Sequence[str], why: Why | None
) -> Callable[[int], Disagreement]:
    def tell(at: int) -> Disagreement:
        second = scored.second[at]
        given = int(scored.bundle.predicted[at])
        asked = f"{scored.questions[at]}: " if scored.questions else ""
        return Disagreement(
            response_id=asked + scored.ids[at],
            text=scored.texts[at],
            human=classes[scored.human[at]],
            second="" if second == NO_SCORE else classes[second],
            teacher=classes[scored.teacher.predicted[at]],
            student=classes[given],
            confidence=float(scored.bundle.confidence[at]),
            why=why(scored.texts[at], given) if why else "",
        )

    return tell
