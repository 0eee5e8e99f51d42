"""Alarms: found where something changed, and as rare as promised where nothing has."""

from __future__ import annotations

import random

import pytest
from scipy.stats import chi2_contingency

from kd_edge.evaluation.drift import FIGURES, Scores, compare, homogeneity


def sample(rng, number, shift=0.0, flagged=0.2):
    scores = Scores()
    for _ in range(number):
        ability = rng.gauss(shift, 1)
        predicted = "0" if ability < -0.5 else "1" if ability < 0.7 else "2"
        confidence = min(1.0, max(0.0, 0.5 + abs(ability - 0.1) / 4 + rng.gauss(0, 0.05)))
        scores.add(predicted, confidence, "review" if rng.random() < flagged else "")
    return scores


def test_it_is_pearsons_test():
    for counts in ([[30, 40, 50], [35, 30, 60]], [[100, 20], [80, 60]]):
        wanted = chi2_contingency(counts, correction=False).pvalue
        assert homogeneity(*counts) == pytest.approx(wanted)
    # Rare classes are taken together, and few responses say nothing.
    assert homogeneity([50, 50, 1, 0], [50, 50, 0, 1]) == pytest.approx(1, abs=1e-9)
    assert homogeneity([19, 0], [0, 100]) == homogeneity([100], [100]) == 1


def test_false_alarms_are_as_rare_as_promised():
    """100 terms of 8 weeks: at a true rate of 20 %, more than 33 would come once in 1,000."""
    rng, alarms = random.Random(0), 0
    for _ in range(100):
        reference = {"a": sample(rng, 100)}
        parts = {str(week): {"a": sample(rng, 40)} for week in range(8)}
        alarms += any(one.alarm for one in compare(reference, parts, 0.2))
    assert 0 < alarms <= 33


@pytest.mark.parametrize(("shift", "flagged"), [(0.9, 0.2), (0.0, 0.6)])
def test_changes_are_found(shift, flagged):
    rng = random.Random(1)
    reference = {"a": sample(rng, 300), "b": sample(rng, 300)}
    parts = {
        "1": {"a": sample(rng, 150), "b": sample(rng, 150)},
        "2": {"a": sample(rng, 150), "b": sample(rng, 150, shift, flagged)},
    }
    found = compare(reference, parts, 0.01)
    assert len(found) == 2 * 2 * len(FIGURES)
    assert {(one.item_id, one.part) for one in found if one.alarm} == {("b", "2")}
    assert all(sum(one.now.values()) == pytest.approx(1) for one in found)


def test_each_look_has_less_to_spend():
    rng = random.Random(2)
    parts = {str(week): {"a": sample(rng, 30)} for week in range(50)}
    found = compare({"a": sample(rng, 100), "unused": sample(rng, 100)}, parts, 0.05)
    levels = [one.level for one in found if one.figure == "score"]
    assert levels == sorted(levels, reverse=True)
    assert 0.045 < sum(one.level for one in found) < 0.05
