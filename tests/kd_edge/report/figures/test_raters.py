"""A machine beside a second rater, where there is one and where there is hardly any."""

from __future__ import annotations

import numpy as np
import pytest

from kd_edge.evaluation.agreement import NO_SCORE
from kd_edge.evaluation.rsmtool import compare, compare_words
from kd_edge.report.figures.raters import (
    as_numbers,
    degradation,
    disattenuated_correlation,
    true_scores,
)
from scored_made import POINTS, made_scored

FIRST = np.array([0.0, 1, 2, 3, 2, 1])
SECOND = np.array([0.0, 1, 1, 3, np.nan, np.nan])
MACHINE = np.array([0.2, 1.1, 2.2, 2.5, 1.4, 0.6])
PEOPLE = compare(FIRST[:4], SECOND[:4], pooled=True)


def test_degradation_is_the_machines_less_the_peoples():
    machine = compare(FIRST, np.rint(MACHINE))
    lost = degradation(machine, PEOPLE)
    assert lost.exact == machine.exact - 0.75
    assert lost.adjacent == machine.adjacent - 1.0
    assert lost.qwk == machine.qwk - PEOPLE.qwk
    assert lost.kappa == machine.kappa - PEOPLE.kappa
    assert lost.correlation == machine.correlation - PEOPLE.correlation
    expected = degradation(compare(FIRST, MACHINE, whole=False), PEOPLE)
    assert (expected.exact, expected.adjacent, expected.kappa) == (None, None, None)


def test_degradation_of_words():
    lost = degradation(compare_words(FIRST, FIRST), compare_words(FIRST[:4], SECOND[:4]))
    assert (lost.exact, lost.adjacent, lost.qwk, lost.correlation) == (0.25, None, None, None)


def test_disattenuated_correlation():
    machine = compare(FIRST, MACHINE, whole=False)
    found = disattenuated_correlation(machine, PEOPLE)
    assert found == pytest.approx(machine.correlation / np.sqrt(PEOPLE.correlation))
    opposed = compare(FIRST, 3 - FIRST)
    assert disattenuated_correlation(machine, opposed) is None
    assert disattenuated_correlation(machine, compare(np.ones(3), np.ones(3))) is None
    assert disattenuated_correlation(compare(FIRST, np.ones(6)), PEOPLE) is None


def test_true_scores_need_a_second_score():
    assert true_scores(MACHINE, FIRST, np.full(6, np.nan)) is None
    assert true_scores(MACHINE[:1], FIRST[:1], FIRST[:1]) is None


def test_true_scores_by_hand():
    found = true_scores(MACHINE, FIRST, SECOND)
    assert found.error_variance == pytest.approx(0.5 / 4)
    means, counts = np.array([0, 1, 1.5, 3, 2, 1]), np.array([2, 2, 2, 2, 1, 1])
    average = (FIRST.sum() + np.nansum(SECOND)) / 10
    squares = (counts * (means - average) ** 2).sum() - 5 * 0.125
    true = squares / (10 - (counts**2).sum() / 10)
    mse = ((counts * (means - MACHINE) ** 2).sum() - 6 * 0.125) / 10
    assert found.true_variance == pytest.approx(true)
    assert found.mse == pytest.approx(mse)
    assert found.prmse == pytest.approx(1 - mse / true)


def test_raters_who_only_disagree_leave_no_true_scores():
    found = true_scores(np.ones(4), np.array([0.0, 1, 0, 1]), np.array([1.0, 0, 1, 0]))
    assert found.true_variance <= 0
    assert found.prmse is None


def test_second_scores_as_numbers():
    second = np.array([NO_SCORE, 0, 3])
    found = as_numbers(second, np.array([1.0, 2, 3, 4]), NO_SCORE)
    assert np.isnan(found[0])
    assert found[1:].tolist() == [1.0, 4.0]


def test_made_responses_have_a_true_score():
    scored = made_scored(200)
    values = np.array(POINTS.values, dtype=np.float64)
    found = true_scores(
        scored.bundle.expected, values[scored.human], as_numbers(scored.second, values, NO_SCORE)
    )
    assert 0.2 < found.prmse < 1
