"""Points chosen by how much their scores say of others, and by uncertainty."""

from __future__ import annotations

import numpy as np
import pytest

from kd_edge.suggest import choose
from kd_edge.suggest.choose import most_telling, uncertainty

# Three clusters in the plane, of 20, 14 and 6 points.
SIZES = (20, 14, 6)
CLUSTER = np.repeat([0, 1, 2], SIZES)
POINTS = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])[CLUSTER] + np.random.default_rng(0).normal(
    size=(sum(SIZES), 2)
)
ALL = range(len(POINTS))


def test_every_cluster_is_covered_the_large_ones_first():
    assert CLUSTER[most_telling(POINTS, [], ALL, 3, 0)].tolist() == [0, 1, 2]


def test_what_nobody_else_writes_is_not_chosen_first():
    lonely = np.vstack([POINTS, [[90.0, 90.0]]])
    assert len(POINTS) not in most_telling(lonely, [], range(len(lonely)), 3, 0)


def test_what_is_scored_is_covered_already():
    assert CLUSTER[most_telling(POINTS, [0, 1], ALL, 1, 0)] == [1]
    assert CLUSTER[most_telling(POINTS, [0, 1, 20, 21], [*range(2, 20), 39], 1, 0)] == [2]


def test_in_rounds_as_all_at_once():
    first = most_telling(POINTS, [], ALL, 5, 0)
    left = sorted(set(ALL) - set(first))
    assert most_telling(POINTS, [], ALL, 9, 0) == first + most_telling(POINTS, first, left, 4, 0)


def test_what_weighs_nothing_counts_not():
    assert CLUSTER[most_telling(POINTS, [], ALL, 1, 0, (CLUSTER == 2).astype(float))] == [2]
    assert most_telling(POINTS, [], ALL, 3, 0, np.zeros(len(POINTS))) == most_telling(
        POINTS, [], ALL, 3, 0
    )


def test_only_candidates_are_chosen_and_each_once():
    same = np.zeros((6, 2))
    assert sorted(most_telling(same, [0], [1, 3, 5], 10, 0)) == [1, 3, 5]
    assert most_telling(same, [0], [], 10, 0) == []
    assert most_telling(same[:1], [], [0], 10, 0) == [0]
    assert len(set(most_telling(POINTS, [], ALL, 40, 3))) == 40


def test_a_long_table_is_judged_by_a_sample(monkeypatch):
    monkeypatch.setattr(choose, "_MOST", 25)
    monkeypatch.setattr(choose, "_CELLS", 400)
    chosen = most_telling(POINTS, [*range(30)], ALL, 3, 0)
    assert len(set(chosen)) == 3
    assert chosen == most_telling(POINTS, [*range(30)], ALL, 3, 0)


def test_uncertainty_is_from_none_to_all():
    found = uncertainty(np.array([[1.0, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0]]))
    assert found == pytest.approx([0, 1, np.log(2) / np.log(3)], abs=1e-6)
    assert uncertainty(np.ones((2, 1))).tolist() == [0, 0]
