"""Where a figure leaves what testing programmes accept, and what that means.

The limits are those at which RSMTool's reports highlight a figure (Williamson, Xi and Breyer
2012, "A framework for evaluation and use of automated scoring").
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """What a figure should keep to.

    Attributes:
        low: it should not be below.
        high: it should not be above.
        said: the same in words.
    """

    low: float
    high: float
    said: str

    def broken(self, value: float | None) -> bool:
        """Whether a figure is outside; one that is not defined is not."""
        return value is not None and not self.low <= value <= self.high


_MOST = float("inf")

SMD = Limit(-0.15, 0.15, "within ± 0.15")
QWK = Limit(0.7, _MOST, "0.70 or more")
CORRELATION = Limit(0.7, _MOST, "0.70 or more")
SHARE = Limit(-0.05, 0.05, "within ± 5 points")
DSM = Limit(-0.1, 0.1, "within ± 0.10")
DEGRADATION = Limit(-0.1, _MOST, "-0.10 or more")
PEOPLE_EXACT = Limit(0.5, _MOST, "50 % or more")
PEOPLE_ADJACENT = Limit(0.95, _MOST, "95 % or more")
