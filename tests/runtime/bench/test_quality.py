"""The figures are those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kd_edge.data.responses import Scale
from kd_edge.evaluation.metrics import agreement
from kd_edge_runtime.bench.quality import quality

PAIRS = st.integers(2, 6).flatmap(
    lambda classes: st.tuples(
        st.just(classes),
        st.lists(
            st.tuples(st.integers(0, classes - 1), st.integers(0, classes - 1)),
            min_size=1,
            max_size=50,
        ),
    )
)


@given(PAIRS)
def test_all_figures(drawn):
    classes, pairs = drawn
    human, machine = (np.array(one) for one in zip(*pairs, strict=True))
    wanted = agreement(human, machine, Scale.from_range(0, classes - 1))
    found = quality(human.tolist(), machine.tolist())
    for name in ("responses", "accuracy", "macro_f1", "qwk"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name))


def test_the_ends():
    assert quality([0, 1, 2], [0, 1, 2]).qwk == 1
    assert quality([0, 2], [2, 0]).qwk == -1
    assert quality([1, 1], [1, 1]).qwk == 0
    assert quality([0, 0], [1, 1]).macro_f1 == 0


def test_distances_are_points():
    # One response in four is off, by half a point of 0, 0.5, 3 and by the other step.
    near, far = (
        quality([0, 1, 2, 1], other, (0, 0.5, 3)).qwk for other in ([0, 1, 2, 0], [0, 1, 2, 2])
    )
    assert near > 0.97
    assert far < 0.6
    assert quality([0, 1, 2, 1], [0, 1, 2, 0], (0, 5, 10)).qwk == pytest.approx(
        quality([0, 1, 2, 1], [0, 1, 2, 0]).qwk
    )
