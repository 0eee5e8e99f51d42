"""Agreement figures: by hand, and against scikit-learn's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

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
    assert quadratic_kappa(human, machine, 3) == pytest.approx(1 - observed / by_chance)
    assert quadratic_kappa(human, human, 3) == 1.0


def test_the_scale_and_not_the_sample_sets_the_weights():
    # Weights are relative: whatever K, quadratic kappa is a ratio of squared distances ...
    human, machine = _scores(0, 1, 1, 3), _scores(0, 1, 3, 3)
    assert quadratic_kappa(human, machine, 4) == pytest.approx(quadratic_kappa(human, machine, 9))
    # ... but a class missing in the middle of a sample must not move its neighbours together.
    assert quadratic_kappa(human, machine, 4) != pytest.approx(
        cohen_kappa_score(human, machine, weights="quadratic"), abs=1e-3
    )


@given(_PAIRS)
def test_kappa_is_that_of_the_definition(pairs):
    human, machine = (_scores(*part) for part in zip(*pairs, strict=True))
    observed = float(np.mean((human - machine) ** 2))
    by_chance = float(np.mean((human[:, None] - machine[None]) ** 2))
    expected = 1 - observed / by_chance if by_chance else 0.0
    assert quadratic_kappa(human, machine, 4) == pytest.approx(expected)
    assert quadratic_kappa(machine, human, 4) == pytest.approx(expected)


@pytest.mark.parametrize("machine", [(1, 1, 1), (2, 2, 2)])
def test_constant_raters(machine):
    assert quadratic_kappa(_scores(1, 1, 1), _scores(*machine), 3) == 0.0
    assert quadratic_kappa(_scores(0, 1, 2), _scores(*machine), 3) == pytest.approx(0.0)


def test_all_figures_by_hand():
    human, machine = _scores(0, 0, 1, 2, 3), _scores(0, 1, 1, 2, 1)
    found = agreement(human, machine, 4, numeric=True)
    assert found.responses == 5
    assert found.accuracy == pytest.approx(3 / 5)
    assert found.adjacent == pytest.approx(4 / 5)
    # F1 of 0: precision 1, recall 1/2; of 1: 1/3 and 1; of 2: 1 and 1; of 3: never given.
    assert found.macro_f1 == pytest.approx((2 / 3 + 1 / 2 + 1 + 0) / 4)
    assert found.qwk == quadratic_kappa(human, machine, 4)


def test_classes_that_nobody_gave_are_not_in_the_mean_of_f1():
    human, machine = _scores(0, 0, 2), _scores(0, 2, 2)
    found = agreement(human, machine, 5, numeric=True)
    assert found.macro_f1 == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert found.macro_f1 == pytest.approx(f1_score(human, machine, average="macro"))


def test_words_have_no_adjacent_scores():
    human, machine = _scores(0, 1, 2), _scores(0, 2, 2)
    found = agreement(human, machine, 3, numeric=False)
    assert found.adjacent is None
    assert found.accuracy == pytest.approx(2 / 3)
    assert agreement(human, machine, 3, numeric=True).adjacent == 1.0
