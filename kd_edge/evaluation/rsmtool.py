"""The figures by which testing programmes judge a scoring model: a machine against people.

Names and definitions are those of RSMTool (Madnani and Loukina 2016, "RSMTool: a collection of
tools for building and evaluating automated scoring models"; rsmtool.readthedocs.io,
"Evaluation metrics"), whose own functions a test compares with. Two of its ways are not taken:
it leaves out responses with a score of zero unless told otherwise, and here every response
counts; and labels come from the item's scale, not from the scores that the sample happens to
hold.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import pearsonr
from sklearn.metrics import (
    accuracy_score,
    cohen_kappa_score,
    f1_score,
    r2_score,
    root_mean_squared_error,
)

Values = npt.NDArray[np.float64]

RAW, TRIMMED, ROUNDED, GIVEN = "raw", "trimmed", "rounded", "given"
SORTS = (RAW, TRIMMED, ROUNDED, GIVEN)
"""The machine's scores: the expected score; that kept within the scale (by `BEYOND` at most);
that rounded to a score; and the score that a device gives out, by the item's decision."""

BEYOND = 0.4998
"""How far a trimmed score may lie outside the scale, in points: RSMTool's trim tolerance."""

# Below this a spread is rounding noise, and what is divided by it is not defined.
_NO_SPREAD = 1e-7


@dataclass(frozen=True)
class Spread:
    """N scores in points.

    Attributes:
        mean: their mean.
        sd: their standard deviation with N - 1 below; None for a single score.
        low: the lowest.
        high: the highest.
    """

    mean: float
    sd: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Scores held against reference scores of the same N responses; None where not defined.

    Attributes:
        responses: N.
        reference: how the reference scores spread; None over words.
        machine: how the other scores spread; None over words.
        smd: standardized mean difference, see `standardized_mean_difference`.
        exact: share of equal scores, 0 to 1; for whole scores only.
        adjacent: share of scores that differ by a point at most, 0 to 1; for whole scores only.
        kappa: Cohen's kappa without weights; for whole scores only.
        qwk: quadratic weighted kappa; None over words, which have no distance.
        correlation: Pearson's.
        r2: coefficient of determination of the reference scores.
        rmse: root mean square error, in points.
        macro_f1: mean F1 over the classes that either gives; for whole scores only.
    """

    responses: int
    reference: Spread | None
    machine: Spread | None
    smd: float | None
    exact: float | None
    adjacent: float | None
    kappa: float | None
    qwk: float | None
    correlation: float | None
    r2: float | None
    rmse: float | None
    macro_f1: float | None


def spread(scores: Values) -> Spread:
    """How N > 0 scores spread."""
    sd = float(np.std(scores, ddof=1)) if len(scores) > 1 else None
    return Spread(float(np.mean(scores)), sd, float(np.min(scores)), float(np.max(scores)))


def sorts(expected: Values, predicted: Values, values: Sequence[int]) -> Mapping[str, Values]:
    """A machine's scores in each of the `SORTS`.

    Args:
        expected: expected scores in points; [N].
        predicted: the scores it gives out, in points; [N].
        values: the points of the item's classes, rising.
    """
    trimmed = np.clip(expected, values[0] - BEYOND, values[-1] + BEYOND)
    return {RAW: expected, TRIMMED: trimmed, ROUNDED: np.rint(trimmed), GIVEN: predicted}


def standardized_mean_difference(
    reference: Values, machine: Values, pooled: bool = False
) -> float | None:
    """The difference of the means, in standard deviations.

    Args:
        reference: the people's scores; [N].
        machine: the machine's, or the second rater's; [N].
        pooled: divide by the root mean square of both standard deviations, as RSMTool does
            between people ("pooled"), instead of by the people's alone, as it does between
            people and machine ("unpooled").

    Returns:
        Above 0 where the machine is more generous. None where scores do not differ.
    """
    if len(reference) < 2:
        return None
    below = np.std(reference, ddof=1)
    if pooled:
        below = np.sqrt((below**2 + np.std(machine, ddof=1) ** 2) / 2)
    return None if below < _NO_SPREAD else float((np.mean(machine) - np.mean(reference)) / below)


def quadratic_kappa_of_numbers(reference: Values, machine: Values) -> float | None:
    """Quadratic weighted kappa for scores that need not be whole (Haberman 2019).

    2 cov(H, M) / (var(H) + var(M) + (mean(H) - mean(M))²) with N below: of whole scores this
    is the usual kappa, and it asks for no list of labels. None where scores do not differ.
    """
    apart = (np.mean(reference) - np.mean(machine)) ** 2
    below = np.var(reference) + np.var(machine) + apart
    if below < _NO_SPREAD**2:
        return None
    return float(2 * np.cov(reference, machine, ddof=0)[0, 1] / below)


def correlation(reference: Values, machine: Values) -> float | None:
    """Pearson's correlation; None where either's scores do not differ."""
    if min(np.std(reference), np.std(machine)) < _NO_SPREAD:
        return None
    return float(pearsonr(reference, machine)[0])


def compare(
    reference: Values, machine: Values, *, whole: bool = True, pooled: bool = False
) -> Comparison:
    """All figures for points.

    Args:
        reference: the people's scores, or whoever's is held against; [N], N > 0.
        machine: the other scores; [N].
        whole: whether the machine's scores are whole, so that they can be equal.
        pooled: see `standardized_mean_difference`.
    """
    apart = np.abs(reference - machine)
    varied = np.std(reference) >= _NO_SPREAD
    return Comparison(
        responses=len(reference),
        reference=spread(reference),
        machine=spread(machine),
        smd=standardized_mean_difference(reference, machine, pooled),
        exact=float(np.mean(apart == 0)) if whole else None,
        adjacent=float(np.mean(apart <= 1)) if whole else None,
        kappa=_kappa(reference, machine) if whole else None,
        qwk=quadratic_kappa_of_numbers(reference, machine),
        correlation=correlation(reference, machine),
        r2=float(r2_score(reference, machine)) if varied else None,
        rmse=float(root_mean_squared_error(reference, machine)),
        macro_f1=_macro_f1(reference, machine) if whole else None,
    )


def compare_words(reference: npt.NDArray, machine: npt.NDArray) -> Comparison:
    """The figures that make sense for classes without an order; [N] class numbers each."""
    return Comparison(
        responses=len(reference),
        reference=None,
        machine=None,
        smd=None,
        exact=float(accuracy_score(reference, machine)),
        adjacent=None,
        kappa=_kappa(reference, machine),
        qwk=None,
        correlation=None,
        r2=None,
        rmse=None,
        macro_f1=_macro_f1(reference, machine),
    )


def _kappa(reference: npt.NDArray, machine: npt.NDArray) -> float | None:
    """Cohen's kappa without weights, which no label that nobody gave can change."""
    if len(np.union1d(reference, machine)) < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(cohen_kappa_score(reference.astype(np.int64), machine.astype(np.int64)))


def _macro_f1(reference: npt.NDArray, machine: npt.NDArray) -> float:
    whole = reference.astype(np.int64), machine.astype(np.int64)
    return float(f1_score(*whole, average="macro", zero_division=0))
