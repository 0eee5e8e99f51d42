"""A machine compared with a second rater: degradation, and agreement with true scores."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from kd_edge.evaluation.rsmtool import Comparison, Values


@dataclass(frozen=True)
class Degradation:
    """How figures change when a machine takes the second rater's place; below 0 is a loss.

    Human-machine figures over all responses minus human-human figures over those that two
    people scored, as RSMTool's `compute_degradation_and_disattenuated_correlations` by default.
    None where either is undefined.
    """

    exact: float | None
    adjacent: float | None
    kappa: float | None
    qwk: float | None
    correlation: float | None


@dataclass(frozen=True)
class TrueScores:
    """How well a machine predicts true scores: the average over infinitely many raters.

    Attributes:
        error_variance: variance of a rater's error, in square points.
        true_variance: variance of the true scores, in square points.
        mse: mean squared error of the machine against true scores; below 0 only by chance.
        prmse: share of the true scores' variance that the machine explains; above 1 only by
            chance; None where that variance is not above 0.
    """

    error_variance: float
    true_variance: float
    mse: float
    prmse: float | None


def degradation(machine: Comparison, people: Comparison) -> Degradation:
    """The machine's figures minus the second rater's."""
    names = [field.name for field in fields(Degradation)]
    pairs = [(getattr(machine, name), getattr(people, name)) for name in names]
    return Degradation(*(None if None in pair else pair[0] - pair[1] for pair in pairs))


def disattenuated_correlation(machine: Comparison, people: Comparison) -> float | None:
    """The correlation that a machine would have with scores free of raters' error.

    r(human, machine) / sqrt(r(human, human)); Spearman (1904), as RSMTool's
    `compute_disattenuated_correlations`. Above 1 only by chance. None where it is undefined.
    """
    with_machine, between_people = machine.correlation, people.correlation
    if with_machine is None or between_people is None or between_people <= 0:
        return None
    return float(with_machine / np.sqrt(between_people))


def true_scores(machine: Values, first: Values, second: Values) -> TrueScores | None:
    """Proportional reduction in mean squared error (PRMSE) against true scores.

    The formulas of Loukina, Madnani, Cahill, Yao, Johnson, Riordan and McCaffrey (2020), "Using
    PRMSE to evaluate automated scoring systems in the presence of label noise", for at most two
    raters, of whom the second may have scored only some responses; as rsmtool's `prmse_true`.

    Args:
        machine: the machine's scores; [N].
        first: people's scores; [N].
        second: the second rater's scores, NaN where there is none; [N].

    Returns:
        None where no response has two scores.
    """
    ratings = np.stack([first, second], axis=1)
    counts = np.sum(~np.isnan(ratings), axis=1)
    twice = counts > 1
    if not twice.any():
        return None
    error = float(np.mean(np.var(ratings[twice], axis=1, ddof=1)))
    means, total, responses = np.nanmean(ratings, axis=1), counts.sum(), len(ratings)
    squares = np.sum(counts * (means - np.nanmean(ratings)) ** 2)
    denominator = total - np.sum(counts**2) / total
    if denominator <= 0:  # a single response
        return None
    true = float((squares - (responses - 1) * error) / denominator)
    mse = float((np.sum(counts * (means - machine) ** 2) - responses * error) / total)
    return TrueScores(error, true, mse, 1 - mse / true if true > 0 else None)


def as_numbers(second: npt.NDArray[np.int64], values: Values, none: int) -> Values:
    """A second rater's classes, [N], in the points of the K classes; NaN for the class `none`."""
    return np.where(second == none, np.nan, values[np.maximum(second, 0)])
