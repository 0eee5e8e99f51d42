"""Temperatures and figures of calibration, against what they are by definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from kd_edge.evaluation.calibration import (
    ChanceError,
    at_temperature,
    chance_error,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability,
)


def drawn(number, classes=4, sharp=1.5, seed=0):
    """Probabilities and scores that come as often as these say."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(number, classes)) * sharp
    found = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    scores = np.array([rng.choice(classes, p=row) for row in found])
    return found, scores


def test_a_temperature_divides_logits():
    logits = np.array([[1.0, -2.0, 0.5], [0.0, 0.0, 3.0]])
    found = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    wanted = np.exp(logits / 2.5) / np.exp(logits / 2.5).sum(1, keepdims=True)
    assert at_temperature(found, 2.5) == pytest.approx(wanted)
    assert at_temperature(found, 1.0) == pytest.approx(found)


def test_a_temperature_of_what_is_certain():
    found = at_temperature(np.array([[1.0, 0.0]], dtype=np.float32), 4.0)
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(1)
    assert found[0, 0] > 0.99


@pytest.mark.parametrize("wrong", [0.5, 1.0, 1.8, 3.0])
def test_a_temperature_is_found_again(wrong):
    found, scores = drawn(4000)
    assert fit_temperature(at_temperature(found, 1 / wrong), scores) == pytest.approx(
        wrong, rel=0.1
    )


def test_few_responses_move_it_little():
    found, scores = drawn(4000)
    sure = at_temperature(found, 1 / 3)
    few, many = (fit_temperature(sure[:number], scores[:number]) for number in (29, 2000))
    assert 1.0 < few < 0.7 * many
    assert fit_temperature(sure[:0], scores[:0]) == pytest.approx(1, abs=0.01)
    # All right, or all wrong: no reason to believe in certainty, or in none.
    for right in (True, False):
        best = sure[:29].argmax(1)
        assert 0.5 < fit_temperature(sure[:29], best if right else (best + 1) % 4) < 3.9


@given(st.integers(0, 60), st.integers(2, 5), st.floats(0.01, 9), st.integers(0, 99))
def test_a_temperature_is_in_its_range(number, classes, sharp, seed):
    rng = np.random.default_rng(seed)
    found, _ = drawn(number, classes, sharp, seed) if number else (np.zeros((0, classes)), None)
    assert 0.25 <= fit_temperature(found, rng.integers(0, classes, number)) <= 4.0001


def test_the_loss_is_the_usual_one():
    found, scores = drawn(300)
    assert negative_log_likelihood(found, scores) == pytest.approx(
        log_loss(scores, found, labels=range(4))
    )
    certain = np.eye(4)[scores]
    assert negative_log_likelihood(certain, scores) == 0
    assert np.isfinite(negative_log_likelihood(certain, (scores + 1) % 4))


def test_bins_by_hand():
    confidence = np.array([0.1, 0.25, 0.5, 0.5, 0.51, 1.0, 0.0])
    correct = np.array([True, False, True, False, True, True, False])
    bins = reliability(confidence, correct, bins=2)
    assert [one.responses for one in bins] == [5, 2]
    assert [one.confidence for one in bins] == pytest.approx([1.35 / 5, 1.51 / 2])
    assert [one.exact for one in bins] == [0.4, 1.0]
    wanted = (5 * abs(0.4 - 0.27) + 2 * abs(1 - 0.755)) / 7
    assert expected_calibration_error(confidence, correct, bins=2) == pytest.approx(wanted)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40),
    st.integers(1, 12),
)
def test_every_response_is_in_one_bin(responses, bins):
    confidence, correct = map(np.array, zip(*responses, strict=True))
    found = reliability(confidence, correct, bins)
    assert len(found) <= bins
    assert sum(one.responses for one in found) == len(responses)
    assert sum(one.responses * one.exact for one in found) == pytest.approx(correct.sum())
    assert sum(one.responses * one.confidence for one in found) == pytest.approx(confidence.sum())
    means = [one.confidence for one in found]
    assert all(one <= other + 1e-9 for one, other in zip(means, means[1:], strict=False))
    error = expected_calibration_error(confidence, correct, bins)
    assert abs(confidence.mean() - correct.mean()) - 1e-9 <= error <= 1


def test_what_is_calibrated_has_a_small_error():
    found, scores = drawn(8000)
    right = found.argmax(1) == scores
    assert expected_calibration_error(found.max(1), right) < 0.02
    sure = at_temperature(found, 1 / 3).max(1)
    assert expected_calibration_error(sure, right) > 0.15


def test_the_error_that_is_chance_alone():
    few, many = drawn(200, seed=1)[0].max(1), drawn(8000)[0].max(1)
    rng = np.random.default_rng(5)
    for confidence in (few, many):
        perfect = [
            expected_calibration_error(confidence, rng.random(len(confidence)) < confidence)
            for _ in range(300)
        ]
        chance = chance_error(confidence)
        assert chance.mean == pytest.approx(np.mean(perfect), rel=0.04)
        assert chance.most == pytest.approx(np.quantile(perfect, 0.95), rel=0.08)
    assert chance_error(few).mean > 4 * chance_error(many).mean
    assert chance_error(few) == chance_error(few)
    assert chance_error(np.ones(3)) == ChanceError(0, 0)
    assert chance_error(np.array([0.5]), bins=3) == ChanceError(0.5, 0.5)
