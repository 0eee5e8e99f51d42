"""Confidence of the score given, where that is not the most probable one."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import given_confidence
from kd_edge.data.responses import Scale

SCALE = Scale.from_range(0, 2)
SHARES = np.array([[0.45, 0.1, 0.45], [0.1, 0.6, 0.3], [0.5, 0.05, 0.45]])


def test_scores_between_more_probable_ones():
    between = np.array([True, False, True])
    found = given_confidence._figures(
        np.array([0.1, 0.6, 0.05]), np.array([1.0, 1.0, 0.0]), between
    )
    assert (found["responses"], found["between"], found["between, right"]) == (3, 2, 1)
    assert found["between, confidence"] == pytest.approx(0.15)


def test_the_loss_is_that_of_the_score_given():
    losses = given_confidence._surprises(SHARES, np.array([1, 1, 0]), SCALE)
    assert losses == pytest.approx(-np.log([0.1, 0.6, 0.95]))


def test_a_temperature_for_the_score_given():
    """Scores given with a chance of 0.1 are right half of the time: softer is better."""
    shares, human = np.tile(SHARES[:1], (200, 1)), np.tile([1, 0], 100)
    temperature = given_confidence._fit_given(shares, human, SCALE)
    assert temperature > 2
