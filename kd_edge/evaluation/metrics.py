"""Agreement with people's scores: the usual figures of the field, by scikit-learn."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

Scores = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Agreement:
    """Agreement of two raters over N responses.

    Attributes:
        responses: N.
        accuracy: share of responses with equal scores (exact agreement), 0 to 1.
        adjacent: share of responses whose scores differ by at most one point, 0 to 1; None
            where the classes are words.
        macro_f1: mean F1 over the classes that either rater used, 0 to 1.
        qwk: quadratic weighted kappa, -1 to 1; of words, by their order.
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
        classes: K; None takes the classes from the scores.

    Returns:
        The kappa, -1 to 1; 0 where it is undefined because both raters use a single score.
    """
    labels = None if classes is None else list(range(classes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of an undefined kappa
        kappa = float(cohen_kappa_score(human, machine, weights="quadratic", labels=labels))
    return 0.0 if np.isnan(kappa) else kappa


def agreement(human: Scores, machine: Scores, classes: int, numeric: bool) -> Agreement:
    """All figures for two raters' classes, 0 to K - 1; [N] each, N > 0.

    `classes` is K; `numeric`: whether classes are points of a scale.
    """
    near = float(np.mean(np.abs(human - machine) <= 1))
    return Agreement(
        responses=len(human),
        accuracy=float(accuracy_score(human, machine)),
        adjacent=near if numeric else None,
        macro_f1=float(f1_score(human, machine, average="macro", zero_division=0)),
        qwk=quadratic_kappa(human, machine, classes),
    )
