"""The class next to an expected score where classes are points that are not all whole.

Apart from `scorer`, since most items do without it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Callable


def nearest_point(
    values: Sequence[float], mean: Callable[[Sequence[float]], float]
) -> Callable[[tuple[float, ...]], tuple[int, float]]:
    """A function from an item's probabilities to the class and the expected score.

    Args:
        values: what the classes are worth, rising or falling; [K].
        mean: the values' mean under probabilities.

    Returns:
        It decides for the class whose value is nearest to the expected score, the greater value
        of two that are as near.
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    # Nine decimals for both: half way is half way, whichever backend added it up.
    between = [round((values[a] + values[b]) / 2, 9) for a, b in zip(order, order[1:])]

    def decided(shares: tuple[float, ...]) -> tuple[int, float]:
        expected = mean(shares)
        return order[bisect_right(between, round(expected, 9))], expected

    return decided
