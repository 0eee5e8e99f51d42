"""How well scores agree with the people's: the field's usual figures, by scikit-learn."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

Scores = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Agreement:
    """Two raters over N responses.

    Attributes:
        responses: N.
        accuracy: share of responses with equal scores (exact agreement), 0 to 1.
        adjacent: share of responses whose scores differ by one point at most, 0 to 1; None
            where the classes are words.
        macro_f1: mean F1 over the classes that either rater gave, 0 to 1.
        qwk: quadratic weighted kappa, -1 to 1; over words it takes their order for points.
    """

    responses: int
    accuracy: float
    adjacent: float | None
    macro_f1: float
    qwk: float


def quadratic_kappa(human: Scores, machine: Scores, classes: int | None = None) -> float:
    """Quadratic weighted kappa (Cohen 1968) of two raters.

    Args:
        human: classes 0 to K - 1; [N].
        machine: the same for the other rater; [N].
        classes: K, so that the scale and not the sample sets the range.

    Returns:
        The kappa, at most 1; 0 where it is not defined because both give one and the same score.
    """
    labels = None if classes is None else list(range(classes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's own about that case
        kappa = float(cohen_kappa_score(human, machine, weights="quadratic", labels=labels))
    return 0.0 if np.isnan(kappa) else kappa


def agreement(human: Scores, machine: Scores, classes: int, numeric: bool) -> Agreement:
    """All figures for two raters.

    Args:
        human: classes 0 to K - 1; [N], N > 0.
        machine: the same for the other rater; [N].
        classes: K.
        numeric: whether classes are points of a scale.
    """
    near = float(np.mean(np.abs(human - machine) <= 1))
    return Agreement(
        responses=len(human),
        accuracy=float(accuracy_score(human, machine)),
        adjacent=near if numeric else None,
        macro_f1=float(f1_score(human, machine, average="macro", zero_division=0)),
        qwk=quadratic_kappa(human, machine, classes),
    )
