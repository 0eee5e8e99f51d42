"""The limits within which testing programmes accept a figure.

The limits are those at which RSMTool's reports highlight a figure (Williamson, Xi and Breyer
2012, "A framework for evaluation and use of automated scoring").
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """A range that a figure should stay within, both ends included; `text` is it in words."""

    low: float
    high: float
    text: str

    def __str__(self) -> str:
        return self.text

    def broken(self, value: float | None) -> bool:
        """Whether a figure is outside the range; an undefined one is not."""
        return value is not None and not self.low <= value <= self.high


_NO_LIMIT = float("inf")

SMD = Limit(-0.15, 0.15, "within ± 0.15")
QWK = Limit(0.7, _NO_LIMIT, "0.70 or more")
CORRELATION = Limit(0.7, _NO_LIMIT, "0.70 or more")
SHARE = Limit(-0.05, 0.05, "within ± 5 points")
DSM = Limit(-0.1, 0.1, "within ± 0.10")
DEGRADATION = Limit(-0.1, _NO_LIMIT, "-0.10 or more")
PEOPLE_EXACT = Limit(0.5, _NO_LIMIT, "50% or more")
PEOPLE_ADJACENT = Limit(0.95, _NO_LIMIT, "95% or more")
