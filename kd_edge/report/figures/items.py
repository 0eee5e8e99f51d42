"""All that a report says of one item, and of several together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from kd_edge.data.responses import Scale
from kd_edge.evaluation.rsmtool import Comparison
from kd_edge.report.figures.confidence import Sureness, sureness
from kd_edge.report.figures.scorers import (
    Machine,
    classes_against,
    confidence_of,
    machine,
    people_against_people,
    shares,
)
from kd_edge.runs.test_scores import RowScorings, Scored

TEACHER = "teacher"
STUDENT = "student in PyTorch"
BUNDLE = "student on a device"
PEOPLE = "second rater"


@dataclass(frozen=True)
class Baseline:
    """What a student must beat.

    Attributes:
        exact: exact agreement with people, 0 to 1.
        adjacent: adjacent agreement; None over words.
        qwk: quadratic weighted kappa; None where it was not worked out.
    """

    exact: float
    adjacent: float | None
    qwk: float | None


@dataclass(frozen=True)
class ItemFigures:
    """One item over its N test responses.

    Attributes:
        item_id: the item.
        classes: its classes, from the lowest.
        numeric: whether they are points.
        responses: N.
        test_rows: where the test responses come from, in words.
        human_shares: share of the responses that people give each class; [K].
        people: the second rater against the people's scores, None where there is none.
        teacher: the teacher.
        student: the student in PyTorch, fp32.
        bundle: the student as a device scores with it.
        with_teacher: the student on a device held against the teacher's scores.
        with_student: and against the student in PyTorch.
        flagged: responses that the device marks for a person, by why.
        unflagged_exact: exact agreement of the others, None where there is no other.
        review: how the device was set to mark scores for review, "" where nothing is known.
        baselines: what the student must beat, by name.
    """

    item_id: str
    classes: tuple[str, ...]
    numeric: bool
    responses: int
    test_rows: str
    human_shares: tuple[float, ...]
    people: Comparison | None
    teacher: Machine
    student: Machine
    bundle: Machine
    with_teacher: Comparison
    with_student: Comparison
    flagged: Mapping[str, int]
    unflagged_exact: float | None
    review: str
    baselines: Mapping[str, Baseline]

    @property
    def machines(self) -> tuple[Machine, ...]:
        """All three scorers."""
        return self.teacher, self.student, self.bundle


@dataclass(frozen=True)
class Together:
    """One scorer over all items.

    Attributes:
        name: who scores.
        qwk: mean over the items with points; None where there is none.
        lowest_qwk: of the item where it is lowest; None likewise.
        exact: mean exact agreement over the items.
        all_exact: exact agreement over all responses.
        sureness: what its confidence is worth over all responses; None for people.
    """

    name: str
    qwk: float | None
    lowest_qwk: float | None
    exact: float
    all_exact: float
    sureness: Sureness | None


def item_figures(
    item_id: str,
    scale: Scale,
    scored: Scored,
    test_rows: str = "",
    review: str = "",
    baselines: Mapping[str, Baseline] | None = None,
) -> ItemFigures:
    """All figures of an item.

    Args:
        item_id: the item.
        scale: its classes, as the bundle's manifest has them.
        scored: what people and scorers say of its test responses.
        test_rows: where these come from, in words.
        review: how the device was set to mark scores for review, in words.
        baselines: what the student must beat, by name.
    """
    given = scored.bundle.predicted
    plain = np.array([not flag for flag in scored.bundle.flags])
    return ItemFigures(
        item_id=item_id,
        classes=scale.classes,
        numeric=scale.numeric,
        responses=len(scored.ids),
        test_rows=test_rows,
        human_shares=shares(scored.human, len(scale.classes)),
        people=people_against_people(scored, scale),
        teacher=machine(TEACHER, scored.teacher, scored, scale),
        student=machine(STUDENT, scored.student, scored, scale),
        bundle=machine(BUNDLE, scored.bundle, scored, scale),
        with_teacher=classes_against(scored.teacher.predicted, given, scale),
        with_student=classes_against(scored.student.predicted, given, scale),
        flagged=dict(sorted(Counter(filter(None, scored.bundle.flags)).items())),
        unflagged_exact=float(np.mean(given[plain] == scored.human[plain]))
        if plain.any()
        else None,
        review=review,
        baselines=baselines or {},
    )


def together(items: Sequence[ItemFigures], scored: Sequence[Scored]) -> tuple[Together, ...]:
    """People (where every item has a second rater) and scorers over all items.

    Args:
        items: the figures of each item.
        scored: what they were made from.
    """
    lines = []
    people = [item.people for item in items]
    if all(people):
        lines.append(_together(PEOPLE, people, None))
    for name, machines, scorings in (
        (TEACHER, [item.teacher for item in items], [one.teacher for one in scored]),
        (STUDENT, [item.student for item in items], [one.student for one in scored]),
        (BUNDLE, [item.bundle for item in items], [one.bundle for one in scored]),
    ):
        found = _pooled_sureness(scorings, scored)
        lines.append(_together(name, [one.given for one in machines], found))
    return tuple(lines)


def _pooled_sureness(scorings: Sequence[RowScorings], scored: Sequence[Scored]) -> Sureness:
    pairs = list(zip(scorings, scored, strict=True))
    return sureness(
        np.concatenate([confidence_of(one) for one, _ in pairs]),
        np.concatenate([one.predicted == people.human for one, people in pairs]),
    )


def _together(name: str, found: Sequence[Comparison], sure: Sureness | None) -> Together:
    kappas = [one.qwk for one in found if one.qwk is not None]
    total = sum(one.responses for one in found)
    return Together(
        name=name,
        qwk=fmean(kappas) if kappas else None,
        lowest_qwk=min(kappas, default=None),
        exact=fmean(one.exact for one in found),
        all_exact=sum(one.exact * one.responses for one in found) / total,
        sureness=sure,
    )
