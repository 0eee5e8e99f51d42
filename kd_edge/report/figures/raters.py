"""A machine beside a second rater: how well people agree, and what can be asked of a machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kd_edge.evaluation.rsmtool import Comparison, Values


@dataclass(frozen=True)
class Degradation:
    """What a figure loses where a machine stands in for the second rater; below 0 is a loss.

    Human-machine figures over all responses less human-human figures over those that two
    people scored, as RSMTool's `compute_degradation_and_disattenuated_correlations` by default.
    None where either is not defined.
    """

    exact: float | None
    adjacent: float | None
    kappa: float | None
    qwk: float | None
    correlation: float | None


@dataclass(frozen=True)
class TrueScores:
    """How well a machine foretells the score that endless raters would give on average.

    Attributes:
        error_variance: of a single rating, in square points.
        true_variance: of the true scores, in square points.
        mse: mean squared error of the machine against true scores; may fall below 0 by chance.
        prmse: share of the true scores' variance that the machine accounts for, at most 1 but
            for chance; None where the true scores' variance is not above 0.
    """

    error_variance: float
    true_variance: float
    mse: float
    prmse: float | None


def degradation(machine: Comparison, people: Comparison) -> Degradation:
    """The machine's figures less the people's."""
    return Degradation(
        exact=_less(machine.exact, people.exact),
        adjacent=_less(machine.adjacent, people.adjacent),
        kappa=_less(machine.kappa, people.kappa),
        qwk=_less(machine.qwk, people.qwk),
        correlation=_less(machine.correlation, people.correlation),
    )


def disattenuated_correlation(machine: Comparison, people: Comparison) -> float | None:
    """The correlation that a machine would have with scores without a rater's error.

    r(human, machine) / sqrt(r(human, human)); Spearman (1904), as RSMTool's
    `compute_disattenuated_correlations`. May pass 1 by chance. None where it is not defined.
    """
    with_machine, between = machine.correlation, people.correlation
    if with_machine is None or between is None or between <= 0:
        return None
    return float(with_machine / np.sqrt(between))


def true_scores(machine: Values, first: Values, second: Values) -> TrueScores | None:
    """Proportional reduction in mean squared error (PRMSE) against true scores.

    The formulas of Loukina, Madnani, Cahill, Yao, Johnson, Riordan and McCaffrey (2020), "Using
    PRMSE to evaluate automated scoring systems in the presence of label noise", for at most two
    raters of whom the second may have scored a part only; as rsmtool's `prmse_true`.

    Args:
        machine: the machine's scores; [N].
        first: the people's scores; [N].
        second: a second rater's, NaN where there is none; [N].

    Returns:
        None where nobody scored twice.
    """
    ratings = np.stack([first, second], axis=1)
    counts = np.sum(~np.isnan(ratings), axis=1)
    twice = counts > 1
    if not twice.any():
        return None
    error = float(np.mean(np.var(ratings[twice], axis=1, ddof=1)))
    means, total, responses = np.nanmean(ratings, axis=1), counts.sum(), len(ratings)
    squares = np.sum(counts * (means - np.nanmean(ratings)) ** 2)
    below = total - np.sum(counts**2) / total
    if below <= 0:  # a single response
        return None
    true = float((squares - (responses - 1) * error) / below)
    mse = float((np.sum(counts * (means - machine) ** 2) - responses * error) / total)
    return TrueScores(error, true, mse, 1 - mse / true if true > 0 else None)


def as_numbers(second: npt.NDArray[np.int64], values: Values, none: int) -> Values:
    """A second rater's classes in points, NaN where there is none.

    Args:
        second: classes, `none` where there is no score; [N].
        values: the points of the K classes.
        none: what stands for no score.
    """
    return np.where(second == none, np.nan, values[np.maximum(second, 0)])


def _less(machine: float | None, people: float | None) -> float | None:
    return None if machine is None or people is None else machine - people
