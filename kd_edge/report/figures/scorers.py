"""All figures of one scorer, be it the teacher, the student or the bundle on a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import NO_SCORE
from kd_edge.evaluation.metrics import Scores
from kd_edge.evaluation.rsmtool import GIVEN, RAW, Comparison, Values, compare, compare_words, sorts
from kd_edge.report.figures.confidence import Sureness, sureness
from kd_edge.report.figures.groups import Group, by_group
from kd_edge.report.figures.raters import (
    Degradation,
    TrueScores,
    as_numbers,
    degradation,
    disattenuated_correlation,
    true_scores,
)
from kd_edge.runs.test_scores import BundleScorings, RowScorings, Scored

_WHOLE = ("rounded", GIVEN)


@dataclass(frozen=True)
class Machine:
    """One scorer against the people's scores of N responses.

    Attributes:
        name: who scores.
        against_people: figures by sort of score (`figures.SORTS`); `GIVEN` alone over words.
        confusion: responses by the people's class (outer) and the scorer's, over the whole
            scale; [K][K].
        shares: share of the responses that it gives each class; [K].
        degradation: by sort, where a second rater is.
        disattenuated: disattenuated correlation by sort, where a second rater is.
        true_scores: against true scores by sort, where a second rater is.
        groups: by group, where rows have one.
        sureness: what its confidence is worth.
    """

    name: str
    against_people: Mapping[str, Comparison]
    confusion: tuple[tuple[int, ...], ...]
    shares: tuple[float, ...]
    degradation: Mapping[str, Degradation]
    disattenuated: Mapping[str, float | None]
    true_scores: Mapping[str, TrueScores]
    groups: tuple[Group, ...]
    sureness: Sureness

    @property
    def given(self) -> Comparison:
        """The figures of the scores that it gives out."""
        return self.against_people[GIVEN]

    @property
    def expected(self) -> Comparison:
        """The figures of its expected scores; of the classes it gives out over words."""
        return self.against_people.get(RAW, self.given)


def machine(name: str, scorings: RowScorings, scored: Scored, scale: Scale) -> Machine:
    """All figures of one scorer.

    Args:
        name: who scores.
        scorings: what it says of the N responses.
        scored: the responses and the people's scores.
        scale: the item's classes.
    """
    points = points_of(scorings, scale) if scale.numeric else None
    people = people_against_people(scored, scale)
    found = _comparisons(scorings, scored, scale, points)
    values = np.array(scale.values, dtype=np.float64)
    true = {}
    if people and points:
        second = as_numbers(scored.second, values, NO_SCORE)
        for sort, scores in points.items():
            true[sort] = true_scores(scores, values[scored.human], second)
    return Machine(
        name=name,
        against_people=found,
        confusion=confusion(scored.human, scorings.predicted, len(scale.classes)),
        shares=shares(scorings.predicted, len(scale.classes)),
        degradation={sort: degradation(one, people) for sort, one in found.items()}
        if people
        else {},
        disattenuated={sort: disattenuated_correlation(one, people) for sort, one in found.items()}
        if people and points
        else {},
        true_scores={sort: one for sort, one in true.items() if one},
        groups=by_group(values[scored.human], values[scorings.predicted], scored.groups, points),
        sureness=sureness(confidence_of(scorings), scorings.predicted == scored.human),
    )


def points_of(scorings: RowScorings, scale: Scale) -> Mapping[str, Values]:
    """A scorer's points by sort of score, [N] each."""
    values = np.array(scale.values, dtype=np.float64)
    expected = (
        scorings.expected
        if isinstance(scorings, BundleScorings)
        else scorings.probabilities @ values
    )
    return sorts(expected, values[scorings.predicted], scale.values)


def confidence_of(scorings: RowScorings) -> Values:
    """How sure a scorer is of the classes it gives out, 0 to 1; [N]."""
    if isinstance(scorings, BundleScorings):
        return scorings.confidence
    return scorings.probabilities[np.arange(len(scorings.predicted)), scorings.predicted]


def people_against_people(scored: Scored, scale: Scale) -> Comparison | None:
    """The second rater against the people's scores, where there is one."""
    twice = scored.second != NO_SCORE
    if not twice.any():
        return None
    return classes_against(scored.human[twice], scored.second[twice], scale, pooled=True)


def classes_against(
    reference: Scores, other: Scores, scale: Scale, *, pooled: bool = False
) -> Comparison:
    """Two raters' classes of the same N responses, in points where the scale has them."""
    if not scale.numeric:
        return compare_words(reference, other)
    values = np.array(scale.values, dtype=np.float64)
    return compare(values[reference], values[other], pooled=pooled)


def confusion(human: Scores, other: Scores, classes: int) -> tuple[tuple[int, ...], ...]:
    """Responses by the people's class (outer) and another's, over the whole scale; [K][K]."""
    found = confusion_matrix(human, other, labels=range(classes))
    return tuple(tuple(int(count) for count in row) for row in found)


def shares(scores: npt.NDArray[np.int64], classes: int) -> tuple[float, ...]:
    """The share of each class; [K]."""
    counts = np.bincount(scores, minlength=classes)
    return tuple(float(count) / len(scores) for count in counts)


def _comparisons(
    scorings: RowScorings, scored: Scored, scale: Scale, points: Mapping[str, Values] | None
) -> Mapping[str, Comparison]:
    if points is None:
        return {GIVEN: compare_words(scored.human, scorings.predicted)}
    human = np.array(scale.values, dtype=np.float64)[scored.human]
    return {sort: compare(human, scores, whole=sort in _WHOLE) for sort, scores in points.items()}
