"""Teacher, student, baseline and majority class against the people's scores, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kd_edge.data.responses import Item, Row
from kd_edge.evaluation.metrics import Agreement, Scores, agreement

HUMANS = "second rater"
TEACHER = "teacher"
STUDENT = "student"
BASELINE = "student without teacher"
MAJORITY = "majority class"

NO_SCORE = -1
"""Stands for a second rater's score that is not there."""


@dataclass(frozen=True)
class Line:
    """One scorer's figures.

    Attributes:
        name: who scores.
        agreement: with the people's scores.
        parameters: trained numbers, None where it has none.
        bytes: what it takes on disk, None where it is nothing.
    """

    name: str
    agreement: Agreement
    parameters: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Scorings:
    """What the scorers say of the same N test responses, as classes; [N] each.

    Attributes:
        teacher: the fine-tuned teacher.
        student: the bundle, scored as a device scores.
        baseline: the same student without a teacher.
    """

    teacher: Scores
    student: Scores
    baseline: Scores


@dataclass(frozen=True)
class Sizes:
    """What the scorers take.

    Attributes:
        teacher_parameters: trained numbers of the teacher.
        teacher_bytes: its weights and tokenizer on disk.
        student_parameters: trained numbers of the student.
        plain_bytes: what a device reads to score with this item: vocabulary and plain weights,
            or vocabulary and int8 graph where there is no plain form.
        bundle_bytes: the whole bundle with all forms.
    """

    teacher_parameters: int
    teacher_bytes: int
    student_parameters: int
    plain_bytes: int
    bundle_bytes: int

    @property
    def times_fewer_parameters(self) -> float:
        """Parameters of the teacher for one of the student."""
        return self.teacher_parameters / self.student_parameters

    @property
    def times_smaller(self) -> float:
        """Bytes of the teacher for one of what a device reads."""
        return self.teacher_bytes / self.plain_bytes

    @property
    def times_smaller_bundle(self) -> float:
        """Bytes of the teacher for one of the whole bundle."""
        return self.teacher_bytes / self.bundle_bytes


def human_scores(rows: Sequence[Row]) -> Scores:
    """The people's scores as classes; every row must have one."""
    return np.array([row.score for row in rows], dtype=np.int64)


def second_scores(rows: Sequence[Row]) -> Scores:
    """A second rater's scores as classes, `NO_SCORE` for rows without one."""
    return np.array(
        [NO_SCORE if row.score2 is None else row.score2 for row in rows], dtype=np.int64
    )


def lines(
    item: Item, train: Sequence[Row], test: Sequence[Row], found: Scorings, sizes: Sizes
) -> tuple[Line, ...]:
    """The figures of every scorer on the test responses.

    Args:
        item: the item.
        train: the rows learnt from; their most frequent score is the majority class.
        test: the N test rows, each scored.
        found: what the scorers say.
        sizes: what they take.
    """
    human = human_scores(test)
    classes, numeric = len(item.scale.classes), item.scale.numeric

    def against(machine: Scores, of: Scores = human) -> Agreement:
        return agreement(of, machine, classes, numeric)

    majority = np.full_like(human, np.bincount(human_scores(train)).argmax())
    made = [
        Line(TEACHER, against(found.teacher), sizes.teacher_parameters, sizes.teacher_bytes),
        Line(STUDENT, against(found.student), sizes.student_parameters, sizes.plain_bytes),
        Line(BASELINE, against(found.baseline), sizes.student_parameters, sizes.plain_bytes),
        Line(MAJORITY, against(majority)),
    ]
    second = second_scores(test)
    twice = second != NO_SCORE
    if twice.any():
        made.insert(0, Line(HUMANS, against(second[twice], human[twice])))
    return tuple(made)
