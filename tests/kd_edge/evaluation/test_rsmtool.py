"""The figures of a machine against people, by scikit-learn and where they are not defined."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score, mean_squared_error, r2_score

from kd_edge.evaluation.metrics import quadratic_kappa
from kd_edge.evaluation.rsmtool import (
    TOLERANCE,
    ScoreSpread,
    compare,
    compare_words,
    correlation,
    quadratic_kappa_of_numbers,
    sorts,
    spread,
    standardized_mean_difference,
)

HUMAN = np.array([0, 0, 1, 2, 3, 3, 2, 0.0])
MACHINE = np.array([0, 1, 1, 2, 3, 1, 2, 0.0])

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40)


@given(pairs)
def test_whole_scores_have_the_figures_of_scikit_learn(found):
    human, machine = np.array(found, dtype=np.float64).T
    one = compare(human, machine)
    whole = human.astype(int), machine.astype(int)
    # The labels of the scale: a score that nobody has must not close the gap.
    assert one.qwk or pytest.approx(quadratic_kappa(*whole, range(5)), abs=1e-9) == 0.0
    if one.kappa is not None:
        assert one.kappa == pytest.approx(cohen_kappa_score(*whole, labels=range(5)))
    if one.r2 is not None:
        assert one.r2 == pytest.approx(r2_score(human, machine))
    assert one.rmse**2 == pytest.approx(mean_squared_error(human, machine))
    assert one.macro_f1 == pytest.approx(f1_score(*whole, average="macro", zero_division=0))
    assert one.exact <= one.adjacent
    values = [value for value in asdict(one).values() if isinstance(value, float)]
    assert np.isfinite(values).all()


def test_by_hand():
    one = compare(HUMAN, MACHINE)
    assert (one.responses, one.exact, one.adjacent) == (8, 0.75, 0.875)
    assert one.reference == ScoreSpread(11 / 8, pytest.approx(np.std(HUMAN, ddof=1)), 0.0, 3.0)
    assert one.machine.mean == 10 / 8
    assert one.smd == pytest.approx((10 / 8 - 11 / 8) / np.std(HUMAN, ddof=1))
    assert one.rmse == pytest.approx(np.sqrt(5 / 8))


def test_a_gap_in_the_scores_is_a_gap():
    human, machine = np.array([0.0, 0, 3, 3, 3, 0]), np.array([0.0, 3, 3, 3, 0, 1])
    wrong = cohen_kappa_score(human.astype(int), machine.astype(int), weights="quadratic")
    right = quadratic_kappa(human.astype(int), machine.astype(int), range(4))
    assert quadratic_kappa_of_numbers(human, machine) == pytest.approx(right)
    assert right != pytest.approx(wrong), "the sample's labels would have done as well"


def test_scores_that_are_not_whole_are_never_equal():
    one = compare(HUMAN, MACHINE + 0.25, whole=False)
    assert (one.exact, one.adjacent, one.kappa, one.macro_f1) == (None,) * 4
    assert None not in (one.smd, one.qwk, one.correlation, one.r2, one.rmse)


def test_pooled():
    by_both = np.sqrt((np.var(HUMAN, ddof=1) + np.var(MACHINE, ddof=1)) / 2)
    found = standardized_mean_difference(HUMAN, MACHINE, pooled=True)
    assert found == pytest.approx((MACHINE.mean() - HUMAN.mean()) / by_both)
    assert compare(HUMAN, MACHINE, pooled=True).smd == found
    assert compare(HUMAN, MACHINE).smd != found


def test_nothing_differs():
    same = compare(np.ones(5), np.ones(5))
    assert (same.exact, same.rmse) == (1.0, 0.0)
    assert (same.smd, same.kappa, same.qwk, same.correlation, same.r2) == (None,) * 5
    half = compare(HUMAN, np.ones(8))
    assert half.correlation is None
    assert half.qwk == half.kappa == 0.0


def test_a_single_response():
    one = compare(np.array([2.0]), np.array([1.0]))
    assert one.reference == ScoreSpread(2.0, None, 2.0, 2.0)
    assert (one.smd, one.correlation, one.r2) == (None, None, None)
    assert (one.exact, one.adjacent, one.rmse, one.qwk) == (0.0, 1.0, 1.0, 0.0)


def test_zeros_count():
    assert spread(np.array([0.0, 0.0, 3.0])) == ScoreSpread(
        1.0, pytest.approx(np.sqrt(3)), 0.0, 3.0
    )
    assert compare(HUMAN, MACHINE).responses == 8


def test_correlation_has_a_sign():
    assert correlation(HUMAN, -HUMAN) == pytest.approx(-1.0)


def test_sorts():
    found = sorts(np.array([-0.9, 0.2, 1.5, 3.9]), np.array([0.0, 1, 1, 3]), (0, 1, 2, 3))
    assert found["raw"].tolist() == [-0.9, 0.2, 1.5, 3.9]
    assert found["trimmed"].tolist() == [-TOLERANCE, 0.2, 1.5, 3 + TOLERANCE]
    assert found["rounded"].tolist() == [0, 0, 2, 3]
    assert found["given"].tolist() == [0, 1, 1, 3]


def test_words_have_only_what_needs_no_order():
    one = compare_words(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 1]))
    there = {name for name, value in asdict(one).items() if value is not None}
    assert there == {"responses", "exact", "kappa", "macro_f1"}
    assert one.exact == 0.75
    assert one.macro_f1 == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)


def test_half_points_are_rounded_and_compared_as_classes():
    values = (0, 0.5, 1, 1.5)
    found = sorts(np.array([-0.4, 0.26, 0.7, 1.9]), np.array([0.0, 0.5, 1, 1.5]), values)
    assert found["trimmed"].tolist() == pytest.approx([-0.2499, 0.26, 0.7, 1.7499])
    assert found["rounded"].tolist() == [0, 0.5, 0.5, 1.5]
    human, machine = np.array([0, 0.5, 1, 1.5, 0]), np.array([0, 1, 0, 1.5, 1.5])
    one = compare(human, machine, values=values)
    assert (one.exact, one.adjacent) == (0.4, pytest.approx(3 / 5))
    doubled = compare(human * 2, machine * 2)
    for name in ("exact", "kappa", "qwk", "correlation", "r2", "smd", "macro_f1"):
        assert getattr(one, name) == pytest.approx(getattr(doubled, name)), name
    assert one.rmse == pytest.approx(doubled.rmse / 2)


def test_points_given_or_not_are_the_same_where_they_are_whole():
    assert compare(HUMAN, MACHINE, values=range(5)) == compare(HUMAN, MACHINE)


def test_falling_points_are_trimmed_to_both_ends():
    found = sorts(np.array([0.2, 3.4, 7.0]), np.array([1.0, 3, 6]), (6, 5, 4, 3, 2, 1))
    assert found["trimmed"].tolist() == pytest.approx([0.5002, 3.4, 6.4998])
    assert found["rounded"].tolist() == [1, 3, 6]
