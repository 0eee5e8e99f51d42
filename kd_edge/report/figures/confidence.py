"""How reliable a scorer's confidence is: calibration, and agreement after review."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class ConfidenceFigures:
    """How reliable confidence is over N responses.

    Attributes:
        error: expected calibration error, 0 to 1.
        chance: the error that chance alone causes on so few responses.
        bins: the reliability curve.
        kept: exact agreement on the remaining responses when the least confident go to a
            person, for each share of `REVIEWED`.
    """

    error: float
    chance: ChanceError
    bins: tuple[Bin, ...]
    kept: tuple[float, ...]

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
    )
