"""What remains of a small model's errors once a person has scored the responses it flags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kd_edge.data.responses import Scale
from kd_edge.evaluation.review import at_least
from kd_edge.evaluation.rsmtool import GIVEN, Comparison
from kd_edge.report.figures import scorers
from kd_edge.report.figures.groups import Group, by_group
from kd_edge.runs.test_scores import ScoredRows


@dataclass(frozen=True)
class Unseen:
    """The scores that nobody looks at, and the marks that a class gets in the end.

    Attributes:
        responses: number of scores that nobody looks at.
        right: how many of them equal people's.
        marks: the marks of all responses compared with people's scores: the scores that nobody
            looks at, and people's own for the others.
        groups: the same by group of students; empty where rows name none.
    """

    responses: int
    right: int
    marks: Comparison
    groups: tuple[Group, ...]

    @property
    def exact(self) -> float | None:
        """Share of the scores that equal people's, 0 to 1; None where there is none."""
        return self.right / self.responses if self.responses else None

    @property
    def at_least(self) -> float:
        """Its lower bound with a confidence of 90 %, see `review.at_least`; 0 where there is none.

        It says what to expect of other responses, where few were measured.
        """
        return at_least(self.right, self.responses) if self.responses else 0.0


def reviewed(scored: ScoredRows, scale: Scale) -> Unseen:
    """The marks when a person scores the flagged responses, of N > 0 test responses."""
    seen = np.array([bool(flag) for flag in scored.bundle.flags])
    marks = np.where(seen, scored.human, scored.bundle.predicted)
    values = np.array(scale.values, dtype=np.float64)
    points = {GIVEN: values[marks]} if scale.numeric else {}
    return Unseen(
        responses=int((~seen).sum()),
        right=int((marks == scored.human)[~seen].sum()),
        marks=scorers.classes_against(scored.human, marks, scale),
        groups=by_group(values[scored.human], values[marks], scored.groups, points),
    )
