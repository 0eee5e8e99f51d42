"""Groups of students, beside all of them."""

from __future__ import annotations

import numpy as np
import pytest

from kd_edge.report.figures.groups import by_group, difference_of_standardized_means

HUMAN = np.array([0.0, 1, 2, 3, 0, 1, 2, 3])
KIND = np.array([2.0, 3, 3, 3, 0, 0, 1, 2])  # to the first four
GROUPS = ("a", "a", "a", "a", "b", "b", "b", "")


def test_a_machine_that_is_kind_to_some():
    found = by_group(HUMAN, KIND, GROUPS, {"given": KIND})
    assert [one.name for one in found] == ["a", "b"], "no group is none"
    first, second = found
    assert (first.responses, second.responses) == (4, 3)
    assert first.dsm["given"] > 0.1 > -0.1 > second.dsm["given"]
    assert (first.human_mean, first.machine_mean, first.exact) == (1.5, 2.75, 0.25)
    z = (KIND[:4].mean() - KIND.mean()) / KIND.std(ddof=1)
    assert first.dsm["given"] == pytest.approx(z)  # people's mean of 'a' is that of all


def test_all_together_are_no_different():
    everyone = np.ones(8, dtype=bool)
    assert difference_of_standardized_means(HUMAN, KIND, everyone) == pytest.approx(0)


def test_where_it_is_not_defined():
    assert difference_of_standardized_means(HUMAN, np.ones(8), HUMAN > 1) is None
    assert difference_of_standardized_means(np.ones(8), HUMAN, HUMAN > 1) is None
    assert difference_of_standardized_means(HUMAN[:1], HUMAN[:1], HUMAN[:1] == 0) is None
    (one,) = by_group(np.ones(3), np.ones(3), ("a",) * 3, {"raw": np.ones(3)})
    assert (one.dsm, one.qwk, one.exact) == ({"raw": None}, None, 1.0)


def test_words_and_no_groups():
    (one, _) = by_group(HUMAN, KIND, GROUPS, {})
    assert (one.human_mean, one.machine_mean, one.dsm, one.qwk) == (None, None, {}, None)
    assert one.exact == 0.25
    assert by_group(HUMAN, KIND, ("",) * 8, {"given": KIND}) == ()
