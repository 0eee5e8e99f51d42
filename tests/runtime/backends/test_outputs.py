"""Probabilities pass as they are; anything else is an error."""

from __future__ import annotations

import numpy as np
import pytest

from kd_edge_runtime.backends.outputs import probabilities, running
from kd_edge_runtime.errors import BackendError, BundleError, ParityError

ROWS = np.array([[0.25, 0.75], [1.0, 0.0], [0.5, 0.5]], dtype=np.float32)


def test_probabilities_are_kept_to_the_last_digit():
    assert probabilities(ROWS, 3, 2) == [tuple(row) for row in ROWS.tolist()]
    assert probabilities(ROWS[:0], 0, 2) == []


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf"), 8e30, -0.5, 1.5])
def test_numbers_that_are_no_probabilities(wrong):
    rows = ROWS.copy()
    rows[1, 0] = wrong
    with pytest.raises(ParityError, match="numbers that are no probabilities"):
        probabilities(rows, 3, 2)


def test_a_sum_that_is_not_one():
    with pytest.raises(ParityError, match="no probabilities"):
        probabilities(np.full((1, 2), 0.9), 1, 2)


@pytest.mark.parametrize("rows", [ROWS[:2], ROWS[:, :1], ROWS[0], np.float32(1)])
def test_another_number_of_rows_or_classes(rows):
    with pytest.raises(ParityError, match="numbers for 3 responses and 2 classes"):
        probabilities(rows, 3, 2)


def test_what_an_interpreter_raises_says_no_response():
    with (
        pytest.raises(
            BackendError, match=r"'onnx-int8' stopped with an error .RuntimeError."
        ) as told,
        running("onnx-int8"),
    ):
        raise RuntimeError("the ice melts")
    assert "ice" not in str(told.value)
    with pytest.raises(BundleError, match=r"^ours$"), running("onnx-int8"):
        raise BundleError("ours")
