"""The responses on which the student disagrees most with people or with the teacher.

They contain students' words: show them only to people who have the responses anyway.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import NO_SCORE
from kd_edge.evaluation.rsmtool import RAW, Values
from kd_edge.report.figures.reasons import Explain, Reasons
from kd_edge.report.figures.scorers import points_of
from kd_edge.runs.test_scores import ScoredRows

SHOWN = 10
"""Number of responses in each list."""

# Letters of a response that reads at a glance.
_SHORT = 400


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
        flag: why the device flagged it, "" where it did not.
        likelier: the most probable score where the student gave another one, which is nearest to
            the expected score; else "".
        expected: the expected score in points; None over words.
        why: the words for the student's score rather than people's or, where these are equal, the
            teacher's; empty where these are unknown.
    """

    response_id: str
    text: str
    human: str
    second: str
    teacher: str
    student: str
    confidence: float
    flag: str = ""
    likelier: str = ""
    expected: float | None = None
    why: Reasons = field(default_factory=Reasons)


@dataclass(frozen=True)
class Disagreements:
    """Disagreements of an item: a usual one, and the worst, at most `SHOWN` of each kind.

    A response is in one of them only, and so are those of the same words.

    Attributes:
        typical: what a wrong score usually looks like; None where every score is right.
        furthest: scores furthest from people's; empty over words, which have no distance.
        surest: scores that differ from people's, by confidence.
        teacher: scores furthest from the teacher's.
    """

    typical: Disagreement | None
    furthest: tuple[Disagreement, ...]
    surest: tuple[Disagreement, ...]
    teacher: tuple[Disagreement, ...]


class _Chooser:
    """Chooses responses, each of which only once.

    Args:
        scored: the N responses.
        scale: their classes.
        explain: explains scores.
    """

    def __init__(self, scored: ScoredRows, scale: Scale, explain: Explain | None) -> None:
        self._scored, self._scale, self._explain = scored, scale, explain
        self._shown: set[str] = set()

    def worst(self, chosen: npt.NDArray[np.bool_], *by: Values) -> tuple[Disagreement, ...]:
        """The chosen responses, sorted by the first of `by`, then the next, largest first."""
        places: list[int] = []
        for at in np.lexsort([-values for values in reversed(by)]).tolist():
            if chosen[at] and len(places) < SHOWN and self._is_new(at):
                places.append(at)
        return tuple(map(self._disagreement, places))

    def typical(self, wrong: npt.NDArray[np.bool_], distance: Values) -> Disagreement | None:
        """Of the wrong scores the most usual: nobody sees it, at a common distance, short enough.

        Of those the one of middling confidence.
        """
        unseen = np.array([not flag for flag in self._scored.bundle.flags])
        places = np.flatnonzero(wrong & unseen)
        if not len(places):
            places = np.flatnonzero(wrong)
        if not len(places):
            return None
        usual = Counter(distance[places].tolist()).most_common(1)[0][0]
        places = places[distance[places] == usual]
        short = [at for at in places.tolist() if 0 < len(self._scored.texts[at].strip()) <= _SHORT]
        confidence = self._scored.bundle.confidence
        by_confidence = sorted(short or places.tolist(), key=lambda at: float(confidence[at]))
        at = by_confidence[len(by_confidence) // 2]
        self._is_new(at)
        return self._disagreement(at)

    def _is_new(self, at: int) -> bool:
        """Whether a response was not shown before; from now on it was."""
        scored = self._scored
        question = scored.questions[at] if scored.questions else ""
        key = f"{question}\n{' '.join(scored.texts[at].split()).casefold()}"
        if key in self._shown:
            return False
        self._shown.add(key)
        return True

    def _disagreement(self, at: int) -> Disagreement:
        scored, classes = self._scored, self._scale.classes
        second, given = scored.second[at], int(scored.bundle.predicted[at])
        human, teacher = int(scored.human[at]), int(scored.teacher.predicted[at])
        likeliest = int(scored.bundle.probabilities[at].argmax())
        question = f"{scored.questions[at]}: " if scored.questions else ""
        other = human if human != given else teacher
        return Disagreement(
            response_id=question + scored.ids[at],
            text=scored.texts[at],
            human=classes[human],
            second="" if second == NO_SCORE else classes[second],
            teacher=classes[teacher],
            student=classes[given],
            confidence=float(scored.bundle.confidence[at]),
            flag=scored.bundle.flags[at],
            likelier="" if likeliest == given else classes[likeliest],
            expected=float(scored.bundle.expected[at]) if self._scale.numeric else None,
            why=self._explain(scored.texts[at], given, other) if self._explain else Reasons(),
        )


def disagreements(
    scored: ScoredRows, scale: Scale, explain: Explain | None = None
) -> Disagreements:
    """The disagreements of a student on a device; `explain` explains its scores."""
    bundle, teacher = scored.bundle, scored.teacher
    wrong = bundle.predicted != scored.human
    other = bundle.predicted != teacher.predicted
    chooser = _Chooser(scored, scale, explain)
    distance = np.abs(bundle.probabilities - teacher.probabilities).sum(axis=1)
    if not scale.numeric:
        return Disagreements(
            typical=chooser.typical(wrong, wrong.astype(np.float64)),
            furthest=(),
            surest=chooser.worst(wrong, bundle.confidence),
            teacher=chooser.worst(other, distance),
        )
    values = np.array(scale.values, dtype=np.float64)
    human, given = values[scored.human], values[bundle.predicted]
    distance = np.abs(points_of(teacher, scale)[RAW] - bundle.expected)
    return Disagreements(
        typical=chooser.typical(wrong, np.abs(human - given)),
        furthest=chooser.worst(wrong, np.abs(human - given), np.abs(human - bundle.expected)),
        surest=chooser.worst(wrong, bundle.confidence),
        teacher=chooser.worst(other, distance),
    )
