"""All figures of one scorer: the teacher, the student in PyTorch, or the bundle on a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import confusion_matrix

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import NO_SCORE
from kd_edge.evaluation.metrics import Scores
from kd_edge.evaluation.rsmtool import (
    GIVEN,
    RAW,
    ROUNDED,
    Comparison,
    Values,
    compare,
    compare_words,
    sorts,
)
from kd_edge.report.figures import raters
from kd_edge.report.figures.confidence import ConfidenceFigures, sureness
from kd_edge.report.figures.groups import Group, by_group
from kd_edge.report.figures.raters import Degradation, TrueScores
from kd_edge.runs.test_scores import BundleScorings, RowScorings, ScoredRows

_WHOLE = (ROUNDED, GIVEN)


@dataclass(frozen=True)
class ScorerFigures:
    """One scorer compared with people's scores of N responses.

    Attributes:
        name: the scorer.
        against_people: figures by kind of score (`rsmtool.SORTS`); `GIVEN` alone over words.
        confusion: number of responses by people's class (outer) and the scorer's, over the
            whole scale; [K][K].
        shares: share of the responses that get each class from it; [K].
        degradation: by kind of score, where there is a second rater.
        disattenuated: disattenuated correlation by kind of score, likewise.
        true_scores: comparison with true scores by kind of score, likewise.
        groups: by group of students, where rows name one.
        sureness: how reliable its confidence is.
    """

    name: str
    against_people: Mapping[str, Comparison]
    confusion: tuple[tuple[int, ...], ...]
    shares: tuple[float, ...]
    degradation: Mapping[str, Degradation]
    disattenuated: Mapping[str, float | None]
    true_scores: Mapping[str, TrueScores]
    groups: tuple[Group, ...]
    sureness: ConfidenceFigures

    @property
    def given(self) -> Comparison:
        """The figures of the scores that it gives."""
        return self.against_people[GIVEN]

    @property
    def expected(self) -> Comparison:
        """The figures of its expected scores; over words, of the classes that it gives."""
        return self.against_people.get(RAW, self.given)


def machine(name: str, scorings: RowScorings, scored: ScoredRows, scale: Scale) -> ScorerFigures:
    """All figures of the scorer that gave `scorings` of the N responses `scored`."""
    values = np.array(scale.values, dtype=np.float64)
    human, given = values[scored.human], values[scorings.predicted]
    points = points_of(scorings, scale) if scale.numeric else {}
    compared = {
        kind: compare(human, scores, whole=kind in _WHOLE, values=scale.values)
        for kind, scores in points.items()
    }
    if not points:
        compared = {GIVEN: compare_words(scored.human, scorings.predicted)}
    lost, disattenuated, true = {}, {}, {}
    if people := people_against_people(scored, scale):
        lost = {
            kind: raters.degradation(comparison, people) for kind, comparison in compared.items()
        }
        second = raters.as_numbers(scored.second, values, NO_SCORE)
        for kind, scores in points.items():
            disattenuated[kind] = raters.disattenuated_correlation(compared[kind], people)
            if figures := raters.true_scores(scores, human, second):
                true[kind] = figures
    labels = range(len(scale.classes))
    confusion = confusion_matrix(scored.human, scorings.predicted, labels=labels)
    return ScorerFigures(
        name=name,
        against_people=compared,
        confusion=tuple(map(tuple, confusion.tolist())),
        shares=shares(scorings.predicted, len(scale.classes)),
        degradation=lost,
        disattenuated=disattenuated,
        true_scores=true,
        groups=by_group(human, given, scored.groups, points),
        sureness=sureness(confidence_of(scorings), scorings.predicted == scored.human),
    )


def points_of(scorings: RowScorings, scale: Scale) -> Mapping[str, Values]:
    """A scorer's points by kind of score, [N] each."""
    values = np.array(scale.values, dtype=np.float64)
    if isinstance(scorings, BundleScorings):
        expected = scorings.expected
    else:
        expected = scorings.probabilities @ values
    return sorts(expected, values[scorings.predicted], scale.values)


def confidence_of(scorings: RowScorings) -> Values:
    """The probability of the classes that a scorer gives, 0 to 1; [N]."""
    if isinstance(scorings, BundleScorings):
        return scorings.confidence
    rows = np.arange(len(scorings.predicted))
    return np.asarray(scorings.probabilities[rows, scorings.predicted], dtype=np.float64)


def people_against_people(scored: ScoredRows, scale: Scale) -> Comparison | None:
    """The second rater compared with people's scores; None without one."""
    twice = scored.second != NO_SCORE
    if not twice.any():
        return None
    return classes_against(scored.human[twice], scored.second[twice], scale, pooled=True)


def classes_against(
    reference: Scores, other: Scores, scale: Scale, *, pooled: bool = False
) -> Comparison:
    """Two raters' classes of the same N responses compared, in points where the scale has them."""
    if not scale.numeric:
        return compare_words(reference, other)
    values = np.array(scale.values, dtype=np.float64)
    return compare(values[reference], values[other], pooled=pooled, values=scale.values)


def shares(scores: Scores, classes: int) -> tuple[float, ...]:
    """The share of each class; [K]."""
    return tuple((np.bincount(scores, minlength=classes) / len(scores)).tolist())
