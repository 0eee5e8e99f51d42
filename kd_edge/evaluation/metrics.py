"""Agreement with people's scores: the usual figures of the field, by scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

from kd_edge.data.scale import Scale, evenly_spaced

Scores = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Agreement:
    """Agreement of two raters over N responses.

    Attributes:
        responses: N.
        accuracy: share of responses with equal scores (exact agreement), 0 to 1.
        adjacent: share of responses whose scores are the same or neighbours on the scale, 0 to
            1; None where the classes are words.
        macro_f1: mean F1 over the classes that either rater used, 0 to 1.
        qwk: quadratic weighted kappa, -1 to 1, by points; of words, by their order.
    """

    responses: int
    accuracy: float
    adjacent: float | None
    macro_f1: float
    qwk: float


def quadratic_kappa(human: Scores, machine: Scores, values: Sequence[float] | None = None) -> float:
    """Quadratic weighted kappa (Cohen 1968) of two raters.

    Args:
        human: classes 0 to K - 1; [N].
        machine: the same for the other rater; [N].
        values: what the classes are worth, [K]; None takes the classes from the scores, a step
            each.

    Returns:
        The kappa, -1 to 1; 0 where it is undefined because both raters use a single score.
    """
    if values is not None and not evenly_spaced(values):
        return _kappa_of_points(human, machine, np.asarray(values, dtype=np.float64))
    labels = None if values is None else list(range(len(values)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of an undefined kappa
        kappa = float(cohen_kappa_score(human, machine, weights="quadratic", labels=labels))
    return 0.0 if np.isnan(kappa) else kappa


def _kappa_of_points(human: Scores, machine: Scores, points: npt.NDArray[np.float64]) -> float:
    """The kappa whose weights are squared distances in points; [N] each, `points` [K]."""
    apart = np.square(points[:, None] - points[None])
    given, other = (np.bincount(one, minlength=len(points)) for one in (human, machine))
    chance = given @ apart @ other / len(human)
    return float(1 - apart[human, machine].sum() / chance) if chance else 0.0


def agreement(human: Scores, machine: Scores, scale: Scale) -> Agreement:
    """All figures for two raters' classes of a scale, 0 to K - 1; [N] each, N > 0."""
    near = float(np.mean(np.abs(human - machine) <= 1))
    return Agreement(
        responses=len(human),
        accuracy=float(accuracy_score(human, machine)),
        adjacent=near if scale.numeric else None,
        macro_f1=float(f1_score(human, machine, average="macro", zero_division=0)),
        qwk=quadratic_kappa(human, machine, scale.values),
    )


def rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures with floats of four digits, as bundles keep them."""
    return {
        name: round(figure, 4) if isinstance(figure, float) else figure
        for name, figure in figures.items()
    }
