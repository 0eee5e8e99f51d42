"""Figures as text; an empty text where a figure is undefined."""

from __future__ import annotations

from functools import partial


def number(value: float | None, digits: int = 2) -> str:
    """A plain number, 0.82; never -0.00."""
    if value is None:
        return ""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def signed(value: float | None, digits: int = 2) -> str:
    """A difference: +0.03."""
    if value is None:
        return ""
    text = f"{value:+.{digits}f}"
    return text.replace("-", "+") if float(text) == 0 else text


def percent(share: float | None, digits: int = 0) -> str:
    """A share: 82%."""
    return "" if share is None else f"{share * 100:.{digits}f}%"


tenths = partial(percent, digits=1)
"""A share with a decimal: 82.4%."""

thousandths = partial(number, digits=3)
"""A number with three decimals: 0.824."""


def signed_points(share: float | None) -> str:
    """A difference of shares: +3.2 points."""
    return "" if share is None else f"{signed(share * 100, 1)} points"


def points(share: float) -> str:
    """A difference of shares, without its sign: 3.2 points."""
    return f"{abs(share) * 100:.1f} points"
