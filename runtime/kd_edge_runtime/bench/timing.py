"""Stable medians: a call is timed repeatedly until the median is stable or time is up."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, comb
from time import perf_counter
from typing import Any, Callable

# Relative half-width of the median's confidence interval at which it is stable.
STABLE = 0.02

# Blocks within the cap, if one pass over the inputs is shorter than a block.
_BLOCKS = 40
_WARM = 0.1
_MOST = 200_000  # the most calls that are stored
_OVERTIME = 5  # a pass of a slow model is cut short after this many times the cap

SHARES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)


@dataclass(frozen=True)
class Timing:
    """How long a call took; seconds.

    Attributes:
        n: calls timed.
        p50: the median; p90, p99 likewise.
        p90: see p50.
        p99: see p50.
        max: the slowest call.
        quantiles: [share, seconds], for the whole distribution.
        blocks: how many blocks the calls came in.
        spread: half-width of the 95 % confidence interval of the blocks' median, relative to
            it; None where there are fewer than six blocks, which bound no median.
        stable: whether the spread is at most `STABLE`.
    """

    n: int
    p50: float
    p90: float
    p99: float
    max: float
    quantiles: tuple[tuple[float, float], ...]
    blocks: int
    spread: float | None
    stable: bool


def quantile(ordered: Sequence[float], share: float) -> float:
    """A quantile of numbers in rising order, interpolated as numpy does by default (type 7)."""
    at = share * (len(ordered) - 1)
    low = ordered[int(at)]
    return low + (ordered[ceil(at)] - low) * (at % 1)


def half_width(medians: Sequence[float]) -> float | None:
    """Half of the median's distribution-free 95 % confidence interval, relative to the median.

    The interval lies between the k-th least and the k-th greatest, k the greatest number for
    which a binomial variable B(n, 1/2) is below k with a probability of at most 2.5 % (David and
    Nagaraja, Order Statistics, 7.1).

    Returns:
        None for fewer than six numbers.
    """
    n = len(medians)
    below, k = 1, 0
    while below <= 0.025 * 2**n:
        k += 1
        below += comb(n, k)
    if not k:
        return None
    ordered = sorted(medians)
    return (ordered[n - k] - ordered[k - 1]) / 2 / quantile(ordered, 0.5)


def once(call: Callable[[Any], object], inputs: Sequence[Any]) -> list[float]:
    """The seconds that one call takes for each input."""
    took = []
    for one in inputs:
        began = perf_counter()
        call(one)
        took.append(perf_counter() - began)
    return took


def measure(call: Callable[[Any], object], inputs: Sequence[Any], cap: float) -> Timing:
    """Times a call until its median is stable.

    Args:
        call: called with one input at a time.
        inputs: all of them in turn, the same in every block.
        cap: seconds after which no new block is begun.
    """
    began = perf_counter()
    while perf_counter() - began < min(_WARM, cap):
        call(inputs[0])
    began = perf_counter()
    medians: list[float] = []
    kept = array("d")
    spread = None
    while True:
        block = _block(call, inputs, cap / _BLOCKS, began + _OVERTIME * cap)
        medians.append(quantile(sorted(block), 0.5))
        kept.extend(block)
        spread = half_width(medians)
        stable = spread is not None and spread <= STABLE
        if stable or perf_counter() - began >= cap or len(kept) >= _MOST:
            return _timing(kept, len(medians), spread, stable)


def _block(
    call: Callable[[Any], object], inputs: Sequence[Any], lasts: float, end: float
) -> array[float]:
    """Times all inputs as often as they fit; to `end` at most, the time of a clock."""
    block = array("d")
    enough = perf_counter() + lasts
    now = 0.0
    while now < enough:
        for one in inputs:
            began = perf_counter()
            call(one)
            now = perf_counter()
            block.append(now - began)
            if now >= end:
                return block
    return block


def _timing(kept: Sequence[float], blocks: int, spread: float | None, stable: bool) -> Timing:
    ordered = sorted(kept)
    found = {share: quantile(ordered, share) for share in SHARES}
    return Timing(
        n=len(ordered),
        p50=found[0.5],
        p90=found[0.9],
        p99=found[0.99],
        max=ordered[-1],
        quantiles=tuple(found.items()),
        blocks=blocks,
        spread=spread,
        stable=stable,
    )
