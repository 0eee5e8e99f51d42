"""Confidence pooled into groups that are large enough."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from kd_edge.report.figures.confidence import pooled


@pytest.mark.parametrize(
    ("responses", "groups"), [(1, 1), (39, 1), (40, 2), (119, 5), (120, 6), (4000, 6)]
)
def test_groups_of_twenty_or_more(responses, groups):
    rng = np.random.default_rng(0)
    confidence = rng.random(responses)
    correct = rng.random(responses) < confidence
    found = pooled(confidence, correct)
    sizes = [group.responses for group in found]
    assert (len(found), sum(sizes)) == (groups, responses)
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= min(20, responses)
    assert [group.confidence for group in found] == sorted(group.confidence for group in found)
    assert sum(one.confidence * one.responses for one in found) == pytest.approx(confidence.sum())
    assert sum(one.exact * one.responses for one in found) == pytest.approx(correct.sum())


def test_intervals():
    confidence, correct = np.linspace(0.4, 0.8, 30), np.arange(30) % 3 > 0
    (group,) = pooled(confidence, correct)
    low, high = binomtest(20, 30).proportion_ci(0.95, method="wilson")
    assert (group.low, group.exact, group.high) == pytest.approx((low, 2 / 3, high))
