"""Which rule turns probabilities into a class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kd_edge.data.responses import Scale
from kd_edge.evaluation.decision import choose_decision, decided
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE, NEAREST_EXPECTED
from kd_edge_runtime.scorer import decide

SCALE = Scale.from_range(1, 3)
WORDS = Scale(("bad", "fair", "good"), numeric=False)
# Torn between the ends: the most probable class is 1, the expected score is that of 2.
TORN = [0.45, 0.15, 0.40]


@pytest.mark.parametrize(
    ("row", "most", "nearest"),
    [
        ([0.6, 0.3, 0.1], 0, 1),  # expects 1.5: halves go up
        ([0.7, 0.2, 0.1], 0, 0),
        (TORN, 0, 1),
        ([0.0, 0.5, 0.5], 1, 2),
        ([0.2, 0.4, 0.4], 1, 1),  # the lower of equals
    ],
)
def test_decided(row, most, nearest):
    found = np.array([row, [0.0, 0.0, 1.0]], dtype=np.float32)
    assert decided(found, SCALE, MOST_PROBABLE).tolist() == [most, 2]
    assert decided(found, SCALE, NEAREST_EXPECTED).tolist() == [nearest, 2]


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=1, max_size=20))
def test_a_device_decides_the_same(rows):
    shares = [[share / sum(row) for share in row] for row in rows]
    for rule in (MOST_PROBABLE, NEAREST_EXPECTED):
        expected = [decide(row, SCALE.values, rule) for row in shares]
        assert decided(np.array(shares), SCALE, rule).tolist() == expected


def test_no_rows():
    assert decided(np.zeros((0, 3)), SCALE, MOST_PROBABLE).shape == (0,)


def _held_out(torn_is):
    """Nine plain responses and one that is torn, with its human score."""
    plain = np.repeat(np.eye(3) * 0.94 + 0.02, 3, axis=0)
    return np.array([*plain, TORN]), np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, torn_is])


def test_the_expected_score_has_to_earn_its_place():
    assert choose_decision(*_held_out(1), SCALE) == NEAREST_EXPECTED
    assert choose_decision(*_held_out(0), SCALE) == MOST_PROBABLE


def test_a_gain_of_next_to_nothing_does_not_count(monkeypatch):
    kappas = iter([0.8, 0.8049, 0.8, 0.8051])
    monkeypatch.setattr("kd_edge.evaluation.decision.quadratic_kappa", lambda *_: next(kappas))
    assert choose_decision(*_held_out(1), SCALE) == MOST_PROBABLE
    assert choose_decision(*_held_out(1), SCALE) == NEAREST_EXPECTED


def test_words_have_no_expected_score():
    assert choose_decision(*_held_out(1), WORDS) == MOST_PROBABLE
