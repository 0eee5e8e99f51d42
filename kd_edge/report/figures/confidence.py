"""What a scorer's confidence is worth: calibration, and how much to send to a person."""

from __future__ import annotations

from dataclasses import dataclass

from kd_edge.evaluation.calibration import (
    Bin,
    Floats,
    Right,
    chance_error,
    expected_calibration_error,
    reliability,
)
from kd_edge.evaluation.review import review_curve

REVIEWED = tuple(step / 100 for step in range(0, 96, 5))
"""Shares sent to a person, of which the report tells."""


@dataclass(frozen=True)
class Sureness:
    """What confidence is worth over N responses.

    Attributes:
        error: expected calibration error, 0 to 1.
        chance: what it would be were every confidence right, for there are so few responses.
        bins: the reliability curve.
        kept: exact agreement on the responses that are not sent to a person, where the least
            sure are, one for each share of `REVIEWED`.
    """

    error: float
    chance: float
    bins: tuple[Bin, ...]
    kept: tuple[float, ...]

    def at(self, share: float) -> float:
        """Exact agreement on the rest where a share of `REVIEWED` is sent to a person."""
        return self.kept[REVIEWED.index(share)]


def sureness(confidence: Floats, correct: Right) -> Sureness:
    """What confidence is worth.

    Args:
        confidence: of the class given out, 0 to 1; [N].
        correct: whether that is the people's; [N].
    """
    return Sureness(
        error=float(expected_calibration_error(confidence, correct)),
        chance=chance_error(confidence),
        bins=reliability(confidence, correct),
        kept=tuple(review_curve(confidence, correct, REVIEWED).tolist()),
    )
