"""How well all scorers agree with people's scores, on one item and over all items of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kd_edge.console.model_names import RESEARCH, SCHOOL
from kd_edge.data.responses import Item, Row
from kd_edge.evaluation.metrics import Agreement, Scores, agreement

HUMANS = "second rater"
TEACHER = RESEARCH.teacher
STUDENT = RESEARCH.student
FIRST = f"{STUDENT}, first alone"
SECOND = f"{STUDENT}, second alone"
BASELINE = RESEARCH.baseline
MAJORITY = "majority class"
IN_PYTORCH = "student in PyTorch"
ON_DEVICE = "student on a device"

_NAMES = {
    TEACHER: SCHOOL.teacher,
    STUDENT: SCHOOL.student,
    FIRST: f"first {SCHOOL.student} by itself",
    SECOND: f"second {SCHOOL.student} by itself",
    BASELINE: SCHOOL.baseline,
    MAJORITY: "most frequent score",
    IN_PYTORCH: "small model in PyTorch",
    ON_DEVICE: "small model on a device",
}

NO_SCORE = -1
"""The class number of a missing second score."""


@dataclass(frozen=True)
class Line:
    """The figures of one scorer.

    Attributes:
        name: who scores.
        agreement: with the people's scores.
        parameters: number of parameters; None for people and the majority class.
        bytes: size on disk; None for people and the majority class.
    """

    name: str
    agreement: Agreement
    parameters: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Sizes:
    """The sizes of teacher and student.

    Attributes:
        teacher_parameters: number of the teacher's parameters.
        teacher_bytes: its weights and tokenizer on disk.
        student_parameters: number of the student's parameters.
        plain_bytes: what a device reads to score this item: vocabulary and plain weights, or
            vocabulary and int8 graph where there is no plain form.
        bundle_bytes: the whole bundle with all forms.
    """

    teacher_parameters: int
    teacher_bytes: int
    student_parameters: int
    plain_bytes: int
    bundle_bytes: int

    @property
    def times_fewer_parameters(self) -> float:
        """Ratio of the teacher's parameters to the student's."""
        return self.teacher_parameters / self.student_parameters

    @property
    def times_smaller(self) -> float:
        """Ratio of the teacher's bytes to those that a device reads."""
        return self.teacher_bytes / self.plain_bytes

    @property
    def times_smaller_bundle(self) -> float:
        """Ratio of the teacher's bytes to the whole bundle's."""
        return self.teacher_bytes / self.bundle_bytes


@dataclass(frozen=True)
class Pooled:
    """The figures of one scorer over all items that it scored.

    Attributes:
        name: who scores.
        items: number of items.
        responses: number of responses to all items.
        qwk: mean of the items' QWKs, -1 to 1. A QWK over the responses of all items would
            reward a scorer for telling the items apart.
        least_qwk: the lowest of them.
        least_item: the item that it belongs to.
        accuracy: exact agreement over all responses, 0 to 1.
    """

    name: str
    items: int
    responses: int
    qwk: float
    least_qwk: float
    least_item: str
    accuracy: float


def scorer_name(scorer: str) -> str:
    """What schools call a scorer; result files have the name that researchers use."""
    return _NAMES.get(scorer, scorer)


def human_scores(rows: Sequence[Row]) -> Scores:
    """People's scores as classes; every row must have one."""
    return np.array([row.score for row in rows], dtype=np.int64)


def second_scores(rows: Sequence[Row]) -> Scores:
    """A second rater's scores as classes, `NO_SCORE` for rows without one."""
    return np.array(
        [NO_SCORE if row.score2 is None else row.score2 for row in rows], dtype=np.int64
    )


def lines(
    item: Item,
    train: Sequence[Row],
    test: Sequence[Row],
    scorings: Mapping[str, Scores],
    sizes: Sizes,
) -> tuple[Line, ...]:
    """The figures of every scorer on the N test rows, each scored by people.

    `scorings` has the classes, [N] each, by teacher, student (the bundle, run as on a device) and
    baseline; where the student is two, also by each of them. The majority class is the most
    frequent score of the training rows.
    """
    human = human_scores(test)

    def against(machine: Scores, of: Scores = human) -> Agreement:
        return agreement(of, machine, item.scale)

    majority = np.full_like(human, np.bincount(human_scores(train)).argmax())
    figures = [
        Line(TEACHER, against(scorings[TEACHER]), sizes.teacher_parameters, sizes.teacher_bytes),
        Line(STUDENT, against(scorings[STUDENT]), sizes.student_parameters, sizes.plain_bytes),
        *(Line(name, against(scorings[name])) for name in (FIRST, SECOND) if name in scorings),
        Line(BASELINE, against(scorings[BASELINE]), sizes.student_parameters, sizes.plain_bytes),
        Line(MAJORITY, against(majority)),
    ]
    second = second_scores(test)
    twice = second != NO_SCORE
    if twice.any():
        figures.insert(0, Line(HUMANS, against(second[twice], human[twice])))
    return tuple(figures)


def pooled(items: Sequence[tuple[str, Sequence[Line]]]) -> tuple[Pooled, ...]:
    """The figures of every scorer over all items, in order of first appearance.

    Each item is its name and its lines.
    """
    by_scorer: dict[str, list[tuple[str, Agreement]]] = {}
    for item, figures in items:
        for line in figures:
            by_scorer.setdefault(line.name, []).append((item, line.agreement))
    scorers = []
    for name, pairs in by_scorer.items():
        own = [agreement for _, agreement in pairs]
        responses = sum(agreement.responses for agreement in own)
        least_item, least = min(pairs, key=lambda pair: pair[1].qwk)
        mean = sum(agreement.qwk for agreement in own) / len(own)
        accuracy = sum(figure.accuracy * figure.responses for figure in own) / responses
        scorers.append(Pooled(name, len(pairs), responses, mean, least.qwk, least_item, accuracy))
    return tuple(scorers)
