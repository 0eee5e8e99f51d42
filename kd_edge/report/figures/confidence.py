"""How reliable a scorer's confidence is: calibration, and agreement after review."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from kd_edge.evaluation.calibration import (
    Bin,
    ChanceError,
    Floats,
    Right,
    chance_error,
    expected_calibration_error,
    reliability,
)
from kd_edge.evaluation.review import review_curve

REVIEWED = tuple(step / 100 for step in range(0, 96, 5))
"""The shares sent to a person that the report shows."""


# Responses that a group of similar confidence holds at least, and the most groups.
_GROUP, _MOST_GROUPS = 20, 6


@dataclass(frozen=True)
class Pooled:
    """Responses of similar confidence, enough of them to say something.

    Attributes:
        responses: how many.
        confidence: their mean confidence, 0 to 1.
        exact: share of them whose score is the people's, 0 to 1.
        low, high: Wilson's interval (1927) of that share, with a confidence of 95 %.
    """

    responses: int
    confidence: float
    exact: float
    low: float
    high: float


@dataclass(frozen=True)
class ConfidenceFigures:
    """How reliable confidence is over N responses.

    Attributes:
        error: expected calibration error, 0 to 1.
        chance: the error that chance alone causes on so few responses.
        bins: the reliability curve.
        kept: exact agreement on the remaining responses when the least confident go to a
            person, for each share of `REVIEWED`.
        pooled: the reliability curve of groups of as many responses each, see `pooled`.
    """

    error: float
    chance: ChanceError
    bins: tuple[Bin, ...]
    kept: tuple[float, ...]
    pooled: tuple[Pooled, ...]

    def at(self, share: float) -> float:
        """Exact agreement on the rest when a share of `REVIEWED` is sent to a person."""
        return self.kept[REVIEWED.index(share)]


def sureness(confidence: Floats, correct: Right) -> ConfidenceFigures:
    """How reliable confidence is; arguments as of `calibration.reliability`, [N] each."""
    return ConfidenceFigures(
        error=expected_calibration_error(confidence, correct),
        chance=chance_error(confidence),
        bins=reliability(confidence, correct),
        kept=tuple(review_curve(confidence, correct, REVIEWED).tolist()),
        pooled=pooled(confidence, correct),
    )


def pooled(confidence: Floats, correct: Right) -> tuple[Pooled, ...]:
    """Exact agreement by confidence, in groups of at least twenty responses, the unsure first.

    Bins of equal width may hold one response each, which is right or wrong by chance; these groups
    hold as many responses as each other, within one. Fewer than forty responses are one group.

    Args:
        confidence: probability of the score given; [N], N > 0.
        correct: whether that score is the people's; [N].
    """
    order = np.argsort(confidence, kind="stable")
    number = min(_MOST_GROUPS, max(1, len(order) // _GROUP))
    groups = []
    for part in np.array_split(order, number):
        right = int(correct[part].sum())
        low, high = binomtest(right, len(part)).proportion_ci(0.95, method="wilson")
        mean = float(confidence[part].mean())
        groups.append(Pooled(len(part), mean, right / len(part), float(low), float(high)))
    return tuple(groups)
