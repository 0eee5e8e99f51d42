"""Points chosen by coverage, typicality and uncertainty."""

from __future__ import annotations

import numpy as np
import pytest

from kd_edge.suggest.choose import farthest_first, typicality, uncertainty

# Three clusters on a line, of 6, 2 and 1 points.
LINE = np.array([[0.0], [0.1], [0.2], [0.3], [0.4], [0.5], [10.0], [10.1], [30.0]])
ALL = range(len(LINE))


def test_every_cluster_is_covered_before_a_second_of_one():
    for seed in range(5):
        chosen = farthest_first(LINE, [], ALL, 3, seed)
        assert {at // 6 + (at == 8) for at in chosen} == {0, 1, 2}


def test_what_is_scored_is_covered_already():
    assert farthest_first(LINE, [8], ALL, 2, 0)[0] == 0  # the farthest from 30
    assert farthest_first(LINE, [0, 8], [*range(1, 8)], 1, 0) == [7]


def test_weights_decide_among_the_far():
    weights = np.ones(len(LINE))
    weights[6] = 5.0
    assert farthest_first(LINE, [0, 8], ALL, 1, 0, weights) == [6]


def test_only_candidates_are_chosen_and_each_once():
    same = np.zeros((6, 2))
    assert sorted(farthest_first(same, [0], [1, 3, 5], 10, 0)) == [1, 3, 5]
    assert farthest_first(same, [0], [], 10, 0) == []
    assert len(set(farthest_first(LINE, [], ALL, 9, 3))) == 9


def test_the_seed_draws_the_first_alone():
    first = {farthest_first(LINE, [], ALL, 1, seed)[0] for seed in range(20)}
    assert len(first) > 3
    assert farthest_first(LINE, [], ALL, 5, 7) == farthest_first(LINE, [], ALL, 5, 7)


def test_what_nobody_else_writes_is_not_typical():
    found = typicality(np.concatenate([np.random.default_rng(0).normal(size=(60, 3)), [[9.0] * 3]]))
    assert found[-1] == found.min()
    assert found[-1] < 0.2 * np.median(found)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_points_are_all_typical(count):
    found = typicality(np.zeros((count, 2)))
    assert found.shape == (count,)
    assert np.isfinite(found).all()


def test_uncertainty_is_from_none_to_all():
    found = uncertainty(np.array([[1.0, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0]]))
    assert found == pytest.approx([0, 1, np.log(2) / np.log(3)], abs=1e-6)
    assert uncertainty(np.ones((2, 1))).tolist() == [0, 0]
