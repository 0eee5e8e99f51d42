"""How probabilities become a class and an expected score."""

from __future__ import annotations

from functools import reduce
from math import floor
from operator import add, mul

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.bundle.manifest import NEAREST_EXPECTED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable

    Mean = Callable[[Sequence[float]], float]
    Decide = Callable[[tuple[float, ...]], tuple[int, float]]

# At most this many whole scores have their class computed in advance.
_PRECOMPUTED = 1000


def decide(probabilities: Sequence[float], values: Sequence[float], decision: str) -> int:
    """The class that probabilities decide for.

    Args:
        probabilities: one for each of K classes.
        values: the classes' numbers, in increasing or decreasing order.
        decision: `MOST_PROBABLE`, or `NEAREST_EXPECTED` for the class whose value is nearest
            to the expected score (halves are rounded up).

    Returns:
        The class, 0 to K - 1; of equally probable classes the lowest.
    """
    return decider(values, decision)(tuple(probabilities))[0]


def decider(values: Sequence[float], decision: str) -> Decide:
    """A function that maps probabilities to the class, as `decide`, and the expected score."""
    mean = expectation(values)
    if decision != NEAREST_EXPECTED:
        return lambda shares: (shares.index(max(shares)), mean(shares))
    if all(value == floor(value) for value in values):
        return _nearest_whole([floor(value) for value in values], mean)
    from kd_edge_runtime.points import nearest_point

    return nearest_point(values, mean)


def _nearest_whole(values: Sequence[int], mean: Mean) -> Decide:
    """Decides for the value nearest to the whole number that the expected score rounds to."""

    def nearest(whole: int) -> int:
        return min(range(len(values)), key=lambda index: abs(values[index] - whole))

    whole_scores = range(min(values), max(values) + 1)[:_PRECOMPUTED]
    precomputed = {value: nearest(value) for value in whole_scores}

    def decide_nearest(probabilities: tuple[float, ...]) -> tuple[int, float]:
        expected = mean(probabilities)
        whole = floor(expected + 0.5)
        # Close to a half, round to nine decimals first: 1.4999999999999998 and 1.5 are the same
        # score, whichever backend computed it.
        if not 1e-6 < expected + 0.5 - whole < 1 - 1e-6:
            whole = floor(round(expected, 9) + 0.5)
        index = precomputed.get(whole)
        return (nearest(whole) if index is None else index), expected

    return decide_nearest


def expectation(values: Sequence[float]) -> Mean:
    """The function from probabilities to the expected score, the mean of K values under them.

    It adds products one after the other, which `sum` no longer does from Python 3.12 on.
    """
    numbers = [value + 0.0 for value in values]  # 0.0 for -0.0, so that no sum is -0.0
    v0, v1, v2, v3 = (*numbers, 0.0, 0.0)[:4]
    if len(numbers) == 2:
        return lambda p: p[0] * v0 + p[1] * v1
    if len(numbers) == 3:
        return lambda p: p[0] * v0 + p[1] * v1 + p[2] * v2
    if len(numbers) == 4:
        return lambda p: p[0] * v0 + p[1] * v1 + p[2] * v2 + p[3] * v3
    return lambda p: reduce(add, map(mul, p, numbers), 0.0)
