"""Orders in which a person should see responses."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import review_orders
from benchmarks.review_orders import CONFIDENCE, IDEAL, ORDERS
from kd_edge.data.responses import Scale

SCALE = Scale.from_classes(("0", "1", "2"))
SHARES = np.array([[0.8, 0.1, 0.1], [0.45, 0.1, 0.45], [0.1, 0.6, 0.3], [0.0, 0.45, 0.55]])
HUMAN = np.array([0, 1, 1, 1])


def orders():
    given = SHARES.argmax(axis=1)
    others = (SHARES, SHARES[:, ::-1], SHARES)
    values = np.array(SCALE.values)
    return review_orders._orders(SHARES, given, given == HUMAN, values, others)


def first(by):
    return int(by.argmin())


def test_what_a_person_sees_first():
    found = orders()
    assert tuple(found) == ORDERS
    assert first(found[CONFIDENCE]) == 1
    assert first(found["margin of the two most probable"]) == 1
    assert first(found["variance of the score"]) == 1
    assert first(found["distance of the expected score from the score"]) == 1
    assert found["mean with a second seed"].tolist() == found[CONFIDENCE].tolist()
    assert found["mean with the bag without teacher"][0] == pytest.approx(0.45)
    assert found[IDEAL].tolist() == [1, 0, 1, 0]


def test_gain_and_risk(monkeypatch):
    right = np.array([True, False, True, False])
    monkeypatch.setattr(review_orders, "SHARE", 0.5)
    assert review_orders._gain(orders()[IDEAL], right) == 0.5
    assert review_orders._gain(-orders()[IDEAL], right) == -0.5
    assert review_orders._risk(orders()[IDEAL], right) == pytest.approx((1 / 3 + 2 / 4) / 4)


def test_the_score_that_is_nearest_to_the_expected_one():
    found = review_orders._nearest(SHARES, SCALE, HUMAN)
    assert found["differs"] == 0.25
    assert (found["unlikely"], found["unlikely, right"]) == (1, 1)
    assert found["unlikely, confidence"] == pytest.approx(0.1)
