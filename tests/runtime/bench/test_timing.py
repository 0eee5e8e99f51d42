"""Medians that hold still."""

from __future__ import annotations

import random
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kd_edge_runtime.bench import timing
from kd_edge_runtime.bench.timing import half_width, measure, once, quantile

TIMES = st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=60)


@pytest.fixture
def clock(monkeypatch):
    """A clock that a call sets on by as many seconds as it is given."""

    class Clock:
        now = 100.0
        calls = 0

        def __call__(self):
            return self.now

        def spend(self, seconds):
            self.now += seconds
            self.calls += 1

    clock = Clock()
    monkeypatch.setattr(timing, "perf_counter", clock)
    return clock


@given(TIMES, st.floats(0, 1))
def test_quantiles_are_those_of_numpy(times, share):
    assert quantile(sorted(times), share) == pytest.approx(np.quantile(times, share))


@given(TIMES)
def test_quantiles_rise_and_stay_within(times):
    ordered = sorted(times)
    found = [quantile(ordered, share) for share in (0, *timing.SHARES, 1)]
    assert found == pytest.approx(sorted(found))
    assert (found[0], found[-1]) == (ordered[0], ordered[-1])


@pytest.mark.parametrize("n", range(1, 60))
def test_the_interval_is_the_narrowest_that_holds_95_percent(n):
    medians = [1.0 + at for at in range(n)]
    found = half_width(medians)
    if n < 6:
        assert found is None
        return
    k = n / 2 + 0.5 - found * (n + 1) / 2  # the k-th least is the lower end
    assert k == pytest.approx(round(k))
    outside = [
        2 * sum(comb(n, at) for at in range(least)) / 2**n for least in (round(k), round(k) + 1)
    ]
    assert outside[0] <= 0.05 < outside[1]


def test_the_interval_holds_the_median_about_95_times_in_100():
    rng = random.Random(1)
    held = 0
    for _ in range(1000):
        draws = [1 + rng.random() for _ in range(20)]
        middle, half = quantile(sorted(draws), 0.5), half_width(draws)
        held += abs(middle - 1.5) <= 2 * half * middle  # the interval is not always centred
    assert held >= 950


@given(st.lists(st.floats(0.1, 10), min_size=6, max_size=40), st.floats(0.1, 10))
def test_the_width_is_relative(medians, factor):
    assert half_width([factor * one for one in medians]) == pytest.approx(half_width(medians))
    assert half_width([factor] * len(medians)) == 0


def test_once(clock):
    assert once(clock.spend, [1, 2, 3]) == pytest.approx([1, 2, 3])


def test_what_is_steady_ends_as_soon_as_that_is_known(clock):
    found = measure(clock.spend, [0.01, 0.03], cap=100)
    assert (found.blocks, found.spread, found.stable) == (6, 0.0, True)
    assert (found.p50, found.max) == pytest.approx((0.02, 0.03))
    assert found.p90 == pytest.approx(0.03)
    assert dict(found.quantiles).keys() == set(timing.SHARES)
    assert found.n < clock.calls  # the warm-up is not counted


def test_every_block_holds_all_inputs_equally_often(clock):
    seen = []

    def call(seconds):
        seen.append(seconds)
        clock.spend(seconds)

    found = measure(call, [0.001, 0.002, 0.004], cap=2)
    timed = seen[-found.n :]
    assert {timed.count(one) for one in (0.001, 0.002, 0.004)} == {found.n // 3}
    assert found.n % found.blocks == 0


def test_time_is_up(clock):
    rng = random.Random(0)
    found = measure(lambda _: clock.spend(rng.uniform(0.01, 0.1)), [0], cap=1)
    assert not found.stable
    assert found.spread > timing.STABLE
    assert 1 < found.blocks < 50
    assert clock.now - 100 < 1.5


def test_a_pass_that_takes_too_long_is_cut_short(clock):
    found = measure(clock.spend, [10.0] * 1000, cap=2)
    assert (found.n, found.blocks, found.spread, found.stable) == (1, 1, None, False)


def test_no_more_is_kept_than_fits(clock, monkeypatch):
    monkeypatch.setattr(timing, "_MOST", 3000)
    rng = random.Random(0)
    found = measure(lambda _: clock.spend(rng.uniform(1e-5, 9e-5)), [0], cap=2)
    assert 3000 <= found.n < 4500
    assert not found.stable
