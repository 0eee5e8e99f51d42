"""Classes that are points which are not all whole: which is next to an expected score.

Apart from `scorer`, since most items do without it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import BundleError

if TYPE_CHECKING:
    from typing import Callable

# More than there are points anywhere, and far from what no float holds.
_TOO_LARGE = 1e9


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


def check_points(points: Sequence[float], classes: int, where: str) -> None:
    """Refuses points that cannot be: not one for each class, too large, or in no order.

    Raises:
        BundleError: with what is wrong, and `where`.
    """
    if len(points) != classes:
        raise BundleError(f"{where}: {len(points)} points for {classes} classes")
    if not all(abs(one) < _TOO_LARGE for one in points):
        raise BundleError(f"{where}: 'points' holds a number of a thousand million or more")
    steps = [after - before for before, after in zip(points, points[1:])]
    if not all(step > 0 for step in steps) and not all(step < 0 for step in steps):
        raise BundleError(f"{where}: 'points' neither rise nor fall from class to class")
