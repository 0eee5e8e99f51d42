"""The figures by which testing programmes evaluate a scoring model against people's scores.

Names and definitions are those of RSMTool (Madnani and Loukina 2016, "RSMTool: a collection of
tools for building and evaluating automated scoring models"; rsmtool.readthedocs.io,
"Evaluation metrics"); a test compares with its functions. Two things differ: RSMTool leaves out
responses with a score of zero by default, and here every response counts; and labels come from
the item's scale, not from the scores in the sample.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import pearsonr
from sklearn.metrics import cohen_kappa_score, f1_score, r2_score, root_mean_squared_error

Values = npt.NDArray[np.float64]

RAW, TRIMMED, ROUNDED, GIVEN = "raw", "trimmed", "rounded", "given"
SORTS = (RAW, TRIMMED, ROUNDED, GIVEN)
"""The kinds of machine score: the expected score; the same trimmed to the scale (`TOLERANCE`
beyond it at most); that rounded to a class; and the score that a device gives, by the item's
decision."""

TOLERANCE = 0.4998
"""How far a trimmed score may lie outside the scale, in steps from class to class: RSMTool's trim
tolerance, where a step is a point."""

# A smaller spread is rounding noise; a figure that divides by it is undefined.
NO_SPREAD = 1e-7


@dataclass(frozen=True)
class ScoreSpread:
    """How N scores spread, in points: mean, standard deviation, lowest and highest score.

    `sd` has the denominator N - 1; it is None for a single score.
    """

    mean: float
    sd: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Scores compared with reference scores of the same N responses; None where undefined.

    Attributes:
        responses: N.
        reference: how the reference scores spread; None over words.
        machine: how the other scores spread; None over words.
        smd: standardized mean difference, see `standardized_mean_difference`.
        exact: share of equal scores, 0 to 1; for classes only.
        adjacent: share of scores that are equal or neighbours, 0 to 1; for classes only.
        kappa: Cohen's kappa without weights; for classes only.
        qwk: quadratic weighted kappa; None over words, which have no distance.
        correlation: Pearson's.
        r2: coefficient of determination of the reference scores.
        rmse: root mean square error, in points.
        macro_f1: mean F1 over the classes that either rater uses; for classes only.
    """

    responses: int
    reference: ScoreSpread | None = None
    machine: ScoreSpread | None = None
    smd: float | None = None
    exact: float | None = None
    adjacent: float | None = None
    kappa: float | None = None
    qwk: float | None = None
    correlation: float | None = None
    r2: float | None = None
    rmse: float | None = None
    macro_f1: float | None = None

    @property
    def exact_agreement(self) -> float:
        """`exact` of classes, where it is always defined."""
        assert self.exact is not None, "only classes can be equal"
        return self.exact


def spread(scores: Values) -> ScoreSpread:
    """The spread of N > 0 scores; [N]."""
    sd = float(np.std(scores, ddof=1)) if len(scores) > 1 else None
    return ScoreSpread(float(np.mean(scores)), sd, float(np.min(scores)), float(np.max(scores)))


def sorts(expected: Values, predicted: Values, values: Sequence[float]) -> Mapping[str, Values]:
    """A machine's scores by kind, see `SORTS`; [N] each.

    Args:
        expected: expected scores in points; [N].
        predicted: the scores that it gives, in points; [N].
        values: the points of the item's classes, rising or falling.
    """
    points = np.sort(np.asarray(values, dtype=np.float64))
    beyond = TOLERANCE * (points[-1] - points[0]) / max(len(points) - 1, 1)
    trimmed = np.clip(expected, points[0] - beyond, points[-1] + beyond)
    # Whole points as RSMTool rounds them, a half to the even neighbour.
    whole = bool(np.all(points == points[0] + np.arange(len(points)))) and points[0] % 1 == 0
    rounded = np.rint(trimmed) if whole else points[_nearest(trimmed, points)]
    return {RAW: expected, TRIMMED: trimmed, ROUNDED: rounded, GIVEN: predicted}


def _nearest(scores: Values, points: Values) -> npt.NDArray[np.int64]:
    """The place of the nearest of rising points, the upper of two as near; [N]."""
    return np.searchsorted((points[:-1] + points[1:]) / 2, scores, side="right")


def standardized_mean_difference(
    reference: Values, machine: Values, pooled: bool = False
) -> float | None:
    """The difference of the means, in standard deviations.

    Args:
        reference: people's scores; [N].
        machine: the machine's scores, or the second rater's; [N].
        pooled: divide by the root mean square of both standard deviations, as RSMTool does
            between people ("pooled"), instead of by that of `reference`, as it does between
            people and machine ("unpooled").

    Returns:
        Above 0 where the machine is more generous. None where scores do not differ.
    """
    if len(reference) < 2:
        return None
    sd = np.std(reference, ddof=1)
    if pooled:
        sd = np.sqrt((sd**2 + np.std(machine, ddof=1) ** 2) / 2)
    return None if sd < NO_SPREAD else float((np.mean(machine) - np.mean(reference)) / sd)


def quadratic_kappa_of_numbers(reference: Values, machine: Values) -> float | None:
    """Quadratic weighted kappa for scores that need not be whole (Haberman 2019).

    2 cov(H, M) / (var(H) + var(M) + (mean(H) - mean(M))²), all with the denominator N. For whole
    scores this is the usual kappa, without a list of labels. None where scores do not differ.
    """
    shift = (np.mean(reference) - np.mean(machine)) ** 2
    denominator = np.var(reference) + np.var(machine) + shift
    if denominator < NO_SPREAD**2:
        return None
    return float(2 * np.cov(reference, machine, ddof=0)[0, 1] / denominator)


def correlation(reference: Values, machine: Values) -> float | None:
    """Pearson's correlation; None where the scores of either do not differ."""
    if min(np.std(reference), np.std(machine)) < NO_SPREAD:
        return None
    return float(pearsonr(reference, machine)[0])


def compare(
    reference: Values,
    machine: Values,
    *,
    whole: bool = True,
    pooled: bool = False,
    values: Sequence[float] | None = None,
) -> Comparison:
    """All figures for points.

    Args:
        reference: people's scores, or another reference; [N], N > 0.
        machine: the other scores; [N].
        whole: whether the machine's scores are points of classes, so that they can be equal.
        pooled: see `standardized_mean_difference`.
        values: the points of the item's classes; None for whole numbers without a gap.
    """
    places: tuple[npt.NDArray[Any], npt.NDArray[Any]] = (reference, machine)
    if whole and values is not None:
        points = np.sort(np.asarray(values, dtype=np.float64))
        places = (_nearest(reference, points), _nearest(machine, points))
    difference = np.abs(places[0] - places[1])
    varied = np.std(reference) >= NO_SPREAD
    return Comparison(
        responses=len(reference),
        reference=spread(reference),
        machine=spread(machine),
        smd=standardized_mean_difference(reference, machine, pooled),
        exact=float(np.mean(difference == 0)) if whole else None,
        adjacent=float(np.mean(difference <= 1)) if whole else None,
        kappa=_kappa(*places) if whole else None,
        qwk=quadratic_kappa_of_numbers(reference, machine),
        correlation=correlation(reference, machine),
        r2=float(r2_score(reference, machine)) if varied else None,
        rmse=float(root_mean_squared_error(reference, machine)),
        macro_f1=_macro_f1(*places) if whole else None,
    )


def compare_words(reference: npt.NDArray[Any], machine: npt.NDArray[Any]) -> Comparison:
    """The figures of classes without an order; both arguments are class numbers, [N]."""
    return Comparison(
        responses=len(reference),
        exact=float(np.mean(reference == machine)),
        kappa=_kappa(reference, machine),
        macro_f1=_macro_f1(reference, machine),
    )


def _kappa(reference: npt.NDArray[Any], machine: npt.NDArray[Any]) -> float | None:
    """Cohen's kappa without weights; labels that nobody used do not change it."""
    if len(np.union1d(reference, machine)) < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(cohen_kappa_score(reference.astype(np.int64), machine.astype(np.int64)))


def _macro_f1(reference: npt.NDArray[Any], machine: npt.NDArray[Any]) -> float:
    whole = reference.astype(np.int64), machine.astype(np.int64)
    return float(f1_score(*whole, average="macro", zero_division=0))
