"""Agreement figures: by hand, and against scikit-learn's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

from kd_edge.data.responses import Scale
from kd_edge.evaluation.metrics import agreement, quadratic_kappa

_PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


def _scores(*values):
    return np.array(values, dtype=np.int64)


def test_kappa_by_hand():
    # Observed disagreement: one response off by 2, weight 4/4. Expected by chance: the means
    # over all pairs of the two raters' scores, of (a - b)^2 / 4.
    human, machine = _scores(0, 1, 2, 2), _scores(0, 1, 2, 0)
    observed = 4 / 4 / 4
    by_chance = np.mean([(a - b) ** 2 / 4 for a in human for b in machine])
    assert quadratic_kappa(human, machine, range(3)) == pytest.approx(1 - observed / by_chance)
    assert quadratic_kappa(human, human, range(3)) == 1.0


def test_the_scale_and_not_the_sample_sets_the_weights():
    # Weights are relative: whatever K, quadratic kappa is a ratio of squared distances ...
    human, machine = _scores(0, 1, 1, 3), _scores(0, 1, 3, 3)
    assert quadratic_kappa(human, machine, range(4)) == pytest.approx(
        quadratic_kappa(human, machine, range(9))
    )
    # ... but a class missing in the middle of a sample must not move its neighbours together.
    assert quadratic_kappa(human, machine, range(4)) != pytest.approx(
        cohen_kappa_score(human, machine, weights="quadratic"), abs=1e-3
    )


@given(_PAIRS)
def test_kappa_is_that_of_the_definition(pairs):
    human, machine = (_scores(*part) for part in zip(*pairs, strict=True))
    observed = float(np.mean((human - machine) ** 2))
    by_chance = float(np.mean((human[:, None] - machine[None]) ** 2))
    expected = 1 - observed / by_chance if by_chance else 0.0
    assert quadratic_kappa(human, machine, range(4)) == pytest.approx(expected)
    assert quadratic_kappa(machine, human, range(4)) == pytest.approx(expected)


@pytest.mark.parametrize("machine", [(1, 1, 1), (2, 2, 2)])
def test_constant_raters(machine):
    assert quadratic_kappa(_scores(1, 1, 1), _scores(*machine), range(3)) == 0.0
    assert quadratic_kappa(_scores(0, 1, 2), _scores(*machine), range(3)) == pytest.approx(0.0)


def test_all_figures_by_hand():
    human, machine = _scores(0, 0, 1, 2, 3), _scores(0, 1, 1, 2, 1)
    found = agreement(human, machine, Scale.from_range(0, 3))
    assert found.responses == 5
    assert found.accuracy == pytest.approx(3 / 5)
    assert found.adjacent == pytest.approx(4 / 5)
    # F1 of 0: precision 1, recall 1/2; of 1: 1/3 and 1; of 2: 1 and 1; of 3: never given.
    assert found.macro_f1 == pytest.approx((2 / 3 + 1 / 2 + 1 + 0) / 4)
    assert found.qwk == quadratic_kappa(human, machine, range(4))


def test_classes_that_nobody_gave_are_not_in_the_mean_of_f1():
    human, machine = _scores(0, 0, 2), _scores(0, 2, 2)
    found = agreement(human, machine, Scale.from_range(0, 4))
    assert found.macro_f1 == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert found.macro_f1 == pytest.approx(f1_score(human, machine, average="macro"))


def test_words_have_no_adjacent_scores():
    human, machine = _scores(0, 1, 2), _scores(0, 2, 2)
    found = agreement(human, machine, Scale(("a", "b", "c"), numeric=False))
    assert found.adjacent is None
    assert found.accuracy == pytest.approx(2 / 3)
    assert agreement(human, machine, Scale.from_range(0, 2)).adjacent == 1.0


@given(_PAIRS, st.lists(st.integers(1, 40), min_size=3, max_size=3))
def test_the_weights_are_distances_in_points(pairs, steps):
    """Half points, gaps, whatever: kappa by classes is kappa by what they are worth."""
    human, machine = (_scores(*part) for part in zip(*pairs, strict=True))
    values = np.cumsum([0, *steps]) / 4
    points, others = values[human], values[machine]
    by_chance = float(np.mean((points[:, None] - others[None]) ** 2))
    expected = 1 - float(np.mean((points - others) ** 2)) / by_chance if by_chance else 0.0
    found = quadratic_kappa(human, machine, values.tolist())
    assert found == pytest.approx(expected)
    turned = quadratic_kappa(3 - human, 3 - machine, values[::-1].tolist())
    assert turned == pytest.approx(found)


@given(_PAIRS, st.sampled_from([(0, 1, 2, 3), (0, 0.5, 1, 1.5), (0, 5, 10, 15), (4, 3, 2, 1)]))
def test_steps_of_one_size_give_the_very_same_kappa(pairs, values):
    human, machine = (_scores(*part) for part in zip(*pairs, strict=True))
    assert quadratic_kappa(human, machine, values) == quadratic_kappa(human, machine, range(4))


def test_adjacent_is_the_next_class_however_far():
    human, machine = _scores(0, 1, 2), _scores(1, 0, 0)
    found = agreement(human, machine, Scale.from_values((0, 0.5, 3)))
    assert found.adjacent == pytest.approx(2 / 3)
