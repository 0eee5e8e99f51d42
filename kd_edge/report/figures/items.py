"""The figures of one item, and of several together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import HUMANS, IN_PYTORCH, ON_DEVICE, TEACHER
from kd_edge.evaluation.rsmtool import Comparison
from kd_edge.report.figures import scorers
from kd_edge.report.figures.confidence import ConfidenceFigures, sureness
from kd_edge.report.figures.reviewed import Unseen, reviewed
from kd_edge.report.figures.scorers import ScorerFigures, machine
from kd_edge.runs.test_scores import RowScorings, ScoredRows


@dataclass(frozen=True)
class Baseline:
    """A baseline's agreement with people's scores.

    Exact and adjacent agreement are 0 to 1, QWK is -1 to 1. `adjacent` is None over words, `qwk`
    where it was not computed.
    """

    exact: float
    adjacent: float | None
    qwk: float | None


@dataclass(frozen=True)
class ItemFigures:
    """The figures of one item over its N test responses.

    Attributes:
        item_id: the item.
        classes: its classes, from the lowest.
        numeric: whether they are points.
        responses: N.
        test_rows: where the test responses come from, in words.
        human_shares: share of the responses that get each class from people; [K].
        people: the second rater compared with people's scores; None without one.
        teacher: the teacher.
        student: the student in PyTorch, fp32.
        bundle: the student as it scores on a device.
        with_teacher: the student on a device compared with the teacher's scores.
        with_student: the student on a device compared with the student in PyTorch.
        flagged: number of responses that the device flags for a person, by reason.
        unflagged_exact: exact agreement of the others; None where there are none.
        unseen: those others, and the marks when a person scores the flagged responses.
        between: number of responses that get a score which is not the most probable one, because
            it is nearest to the expected score.
        review: the review threshold in words, "" where it is unknown.
        choice: what the student learnt from and why, and of two students what they do together;
            in words, "" where nothing is known.
        baselines: what the student should be better than, by name.
    """

    item_id: str
    classes: tuple[str, ...]
    numeric: bool
    responses: int
    test_rows: str
    human_shares: tuple[float, ...]
    people: Comparison | None
    teacher: ScorerFigures
    student: ScorerFigures
    bundle: ScorerFigures
    with_teacher: Comparison
    with_student: Comparison
    flagged: Mapping[str, int]
    unflagged_exact: float | None
    unseen: Unseen
    between: int
    review: str
    choice: str
    baselines: Mapping[str, Baseline]

    @property
    def lower_is_better(self) -> bool:
        """Whether the best class has the least points, as school grades from 6 to 1 have."""
        values = Scale.from_classes(self.classes).values
        return self.numeric and values[0] > values[-1]

    @property
    def machines(self) -> tuple[ScorerFigures, ...]:
        """All three scorers."""
        return self.teacher, self.student, self.bundle

    def without_second_rater(self) -> ItemFigures:
        """The item without the figures that depend on a second rater."""
        teacher, student, bundle = (
            replace(machine, degradation={}, disattenuated={}, true_scores={})
            for machine in self.machines
        )
        return replace(self, people=None, teacher=teacher, student=student, bundle=bundle)


@dataclass(frozen=True)
class Together:
    """The figures of one scorer over all items.

    Attributes:
        name: the scorer.
        qwk: mean over the items with points; None where there is none.
        lowest_qwk: of the item where it is lowest; None likewise.
        exact: mean exact agreement over the items.
        all_exact: exact agreement over all responses.
        sureness: how reliable its confidence is over all responses; None for people.
    """

    name: str
    qwk: float | None
    lowest_qwk: float | None
    exact: float
    all_exact: float
    sureness: ConfidenceFigures | None


def item_figures(
    item_id: str,
    scale: Scale,
    scored: ScoredRows,
    test_rows: str = "",
    review: str = "",
    choice: str = "",
    baselines: Mapping[str, Baseline] | None = None,
) -> ItemFigures:
    """All figures of an item whose test responses are `scored`; see `ItemFigures` for the rest."""
    given = scored.bundle.predicted
    unseen = reviewed(scored, scale)
    return ItemFigures(
        item_id=item_id,
        classes=scale.classes,
        numeric=scale.numeric,
        responses=len(scored.ids),
        test_rows=test_rows,
        human_shares=scorers.shares(scored.human, len(scale.classes)),
        people=scorers.people_against_people(scored, scale),
        teacher=machine(TEACHER, scored.teacher, scored, scale),
        student=machine(IN_PYTORCH, scored.student, scored, scale),
        bundle=machine(ON_DEVICE, scored.bundle, scored, scale),
        with_teacher=scorers.classes_against(scored.teacher.predicted, given, scale),
        with_student=scorers.classes_against(scored.student.predicted, given, scale),
        flagged=dict(sorted(Counter(filter(None, scored.bundle.flags)).items())),
        unflagged_exact=unseen.exact,
        unseen=unseen,
        between=int((scored.bundle.probabilities.argmax(axis=1) != given).sum()),
        review=review,
        choice=choice,
        baselines=baselines or {},
    )


def together(items: Sequence[ItemFigures], scored: Sequence[ScoredRows]) -> tuple[Together, ...]:
    """Scorers over all items, and the second raters where every item has one.

    The figures of each item, and the test responses that these were computed from, are in the
    same order.
    """
    lines = []
    people = [item.people for item in items if item.people]
    if len(people) == len(items):
        lines.append(_together(HUMANS, people, None))
    human = np.concatenate([responses.human for responses in scored])
    for which, name in (("teacher", TEACHER), ("student", IN_PYTORCH), ("bundle", ON_DEVICE)):
        scorings: list[RowScorings] = [getattr(responses, which) for responses in scored]
        confidence = np.concatenate([scorers.confidence_of(scoring) for scoring in scorings])
        correct = np.concatenate([scoring.predicted for scoring in scorings]) == human
        given = [getattr(item, which).given for item in items]
        lines.append(_together(name, given, sureness(confidence, correct)))
    return tuple(lines)


def _together(
    name: str, by_item: Sequence[Comparison], confidence: ConfidenceFigures | None
) -> Together:
    kappas = [item.qwk for item in by_item if item.qwk is not None]
    total = sum(item.responses for item in by_item)
    return Together(
        name=name,
        qwk=fmean(kappas) if kappas else None,
        lowest_qwk=min(kappas, default=None),
        exact=fmean(item.exact_agreement for item in by_item),
        all_exact=sum(item.exact_agreement * item.responses for item in by_item) / total,
        sureness=confidence,
    )
