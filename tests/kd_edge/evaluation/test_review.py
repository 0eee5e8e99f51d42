"""The threshold below which a person should look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from kd_edge.evaluation.review import Review, at_least, choose_review, review_curve


def graded(number, seed=0):
    """Confidence, and whether it was right, as often as it says."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.4, 1, number)
    return confidence, rng.random(number) < confidence


def test_as_few_as_possible():
    confidence = np.linspace(0.505, 0.995, 400)
    correct = confidence > 0.6  # all wrong, then all right
    found = choose_review(confidence, correct, 0.95)
    assert found.reached
    assert 0.15 < found.share < 0.19
    assert 0.58 < found.below < 0.6
    assert found.at_least >= 0.95
    one_less = confidence >= found.below - 0.002
    assert at_least(int(correct[one_less].sum()), int(one_less.sum())) < 0.95
    assert found.accuracy > 0.96
    assert found.all == correct.mean()


def test_a_promise_is_kept_on_other_responses():
    kept = []
    for seed in range(40):
        found = choose_review(*graded(300, seed), 0.75)
        confidence, correct = graded(2000, 100 + seed)
        if found.reached:
            kept.append(correct[confidence >= found.below].mean() >= 0.75)
    assert len(kept) > 30
    assert np.mean(kept) > 0.8


def test_few_responses_promise_nothing():
    confidence = np.linspace(0.5, 0.9, 10)
    found = choose_review(confidence, np.ones(10, dtype=bool), 0.9)
    assert not found.reached
    assert (found.share, found.accuracy, found.all) == (pytest.approx(0.2), 1, 1)
    assert "90% was asked for; these responses are too few to promise it" in str(found)


def test_the_least_sure_fifth_where_it_cannot_be_had():
    confidence, _ = graded(200)
    found = choose_review(confidence, np.zeros(200, dtype=bool), 0.9)
    assert (found.reached, found.accuracy, found.at_least) == (False, 0, 0)
    assert found.share == pytest.approx(0.2, abs=0.01)
    # It would be reached by sending nearly all.
    late = choose_review(confidence, confidence > 0.8, 0.9)
    assert not late.reached
    assert late.share == pytest.approx(0.2, abs=0.01)


def test_nothing_to_send():
    confidence, _ = graded(200)
    found = choose_review(confidence, np.ones(200, dtype=bool), 0.9)
    assert (found.below, found.share, found.reached) == (0, 0, True)
    assert str(found).startswith("No score is flagged 'review': on 200 held-out responses, 100% ")
    # Equal confidence cannot be parted.
    same = choose_review(np.full(50, 0.7), np.arange(50) % 2 == 0, 0.9)
    assert (same.below, same.share, same.reached) == (0, 0, False)


def test_what_a_school_reads():
    said = str(Review(0.6154, 0.9, True, 200, 0.12, 0.953, 0.93, 0.84))
    assert said == (
        "Scores with a confidence below 0.62 are flagged 'review': 12% of 200 held-out responses. "
        "Of the other scores, 95% equal people's scores (at least 93%, with nine chances in ten); "
        "of all scores, 84%."
    )


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50),
    st.floats(0.01, 0.99),
)
def test_it_says_what_it_does(responses, wanted):
    confidence, correct = map(np.array, zip(*responses, strict=True))
    found = choose_review(confidence, correct, wanted)
    below = confidence < found.below
    assert found.share == pytest.approx(below.mean())
    assert found.accuracy == pytest.approx(correct[~below].mean())
    assert found.at_least <= found.accuracy + 1e-12
    assert found.reached == (found.at_least >= wanted)
    assert found.below == round(found.below, 4)
    assert found.share <= 0.5 or not found.reached


@given(st.integers(0, 300), st.integers(1, 300))
def test_the_lower_end_of_an_interval(right, number):
    right = min(right, number)
    least = at_least(right, number)
    assert 0 <= least <= right / number
    assert (least > 0) == (right > 0)
    # Wilson's end is where the share lies so many standard errors of its own above it.
    if least > 0:
        off = (right / number - least) / np.sqrt(least * (1 - least) / number)
        assert off == pytest.approx(norm.ppf(0.9), abs=1e-3)


def test_the_curve():
    confidence = np.array([0.9, 0.2, 0.6, 0.4])
    correct = np.array([True, False, True, False])
    found = review_curve(confidence, correct, (0, 0.25, 0.5, 0.75, 1))
    assert found == pytest.approx([0.5, 2 / 3, 1, 1, 1])
