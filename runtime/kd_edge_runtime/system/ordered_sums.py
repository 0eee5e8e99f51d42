"""Sums of floats, taken one after the other: the same bits on every Python.

From Python 3.12 on, `sum` makes up for the rounding of each addition; older ones do not, nor does
the core. Where every response counts, the loop is written out instead.
"""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def ordered_sum(numbers: Iterable[float], start: float = 0.0) -> float:
    """The sum of `start` and the numbers, from the first to the last."""
    total = start
    for number in numbers:
        total += number
    return total
