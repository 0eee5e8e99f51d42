"""What a form may differ from PyTorch by."""

from __future__ import annotations

import numpy as np
import pytest

from kd_edge.bundling.parity import Gate, Limits, Sample
from kd_edge.data.responses import Scale
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE, NEAREST_EXPECTED
from kd_edge_runtime.errors import InputError, ParityError

SCALE = Scale.from_classes(("0", "1", "2"))


def sample(golden=3, held_out=200, scores=None):
    scores = np.arange(held_out) % 3 if scores is None else scores
    return Sample(
        tuple(f"golden {at}" for at in range(golden)),
        tuple(f"text {at}" for at in range(held_out)),
        tuple(f"r{at}" for at in range(held_out)),
        np.asarray(scores, dtype=np.int64) if held_out else None,
    )


def certain(classes, sure=0.8):
    found = np.full((len(classes), 3), (1 - sure) / 2)
    found[np.arange(len(classes)), classes] = sure
    return found


EXPECTED = certain([*(0, 1, 2), *(at % 3 for at in range(200))])


def gate(limits=None, of=None, expected=EXPECTED, decision=MOST_PROBABLE):
    return Gate("ice", SCALE, decision, of or sample(), expected, limits or Limits())


def moved(rows, by=1):
    """Other classes at these rows."""
    found = EXPECTED.copy()
    found[rows] = np.roll(found[rows], by, axis=1)
    return found


def test_what_is_equal_passes():
    gate().exact("onnx-fp32", EXPECTED, EXPECTED)
    gate().near("onnx-int8", EXPECTED)
    figures = gate().figures("onnx-int8", 123, EXPECTED)
    assert (figures.form, figures.bytes) == ("onnx-int8", 123)
    assert (figures.golden.responses, figures.held_out.responses) == (3, 200)
    assert (figures.golden.greatest, figures.held_out.equal) == (0.0, 1.0)
    assert (figures.qwk, figures.qwk_change) == (1.0, 0.0)


@pytest.mark.parametrize(("row", "named"), [(1, "golden row 2"), (7, "response 'r4'")])
def test_a_probability_that_differs(row, named):
    for by, fine in ((0.9e-4, True), (1.1e-4, False)):
        found = EXPECTED.copy()
        found[row] += (by, -by, 0)
        if fine:
            gate().exact("tflite-fp32", found, EXPECTED)
        else:
            with pytest.raises(ParityError, match=f"'ice': the form tflite-fp32.*{named}") as told:
                gate().exact("tflite-fp32", found, EXPECTED)
            assert told.value.exit_code == 5
            gate(Limits(greatest=1e-3)).exact("tflite-fp32", found, EXPECTED)


def test_an_exact_form_must_give_every_class():
    expected = EXPECTED.copy()
    expected[5] = (0.40001, 0.4, 0.19999)
    found = expected.copy()
    found[5] = (0.4, 0.40001, 0.19999)
    with pytest.raises(ParityError, match=r"1 classes differ\. See response 'r2'\."):
        gate(expected=expected).exact("onnx-fp32", found, expected)


def test_a_rounded_form_may_differ_now_and_then():
    scores = sample(scores=np.zeros(200))  # no kappa to lose
    gate(of=scores).near("onnx-int8", moved([10, 20]))
    with pytest.raises(ParityError, match=r"98\.5% of 200 classes are equal.*at least 99\.0%"):
        gate(of=scores).near("onnx-int8", moved([10, 20, 30]))
    gate(Limits(equal=0.98), of=scores).near("onnx-int8", moved([10, 20, 30]))


def test_the_rows_that_differ_are_named():
    with pytest.raises(ParityError) as told:
        gate().near("onnx-int8", moved([0, *range(100, 110)]))
    assert "See response 'r97', response 'r98'" in str(told.value)
    assert "and 5 more. No bundle was written" in str(told.value)
    assert "text 97" not in str(told.value)


def test_golden_rows_are_too_odd_to_count_beside_responses():
    gate().near("onnx-int8", moved([0, 1, 2]))
    assert gate().figures("onnx-int8", 1, moved([0, 1, 2])).golden.equal == 0


def test_kappa_may_not_be_lost():
    found = moved([3], by=2)  # one response from 0 to 2: the classes are 99.5 % equal
    change = gate().figures("onnx-int8", 1, found).qwk_change
    assert -0.02 < change < -0.005
    with pytest.raises(ParityError, match=r"its QWK on held-out responses is 0\.9.* lower"):
        gate().near("onnx-int8", found)
    gate(Limits(qwk_loss=0.02)).near("onnx-int8", found)


def test_kappa_may_be_gained():
    scores = np.arange(200) % 3
    scores[0] = 2
    found = moved([3], by=2)
    gate(of=sample(scores=scores)).near("onnx-int8", found)
    assert gate(of=sample(scores=scores)).figures("onnx-int8", 1, found).qwk_change > 0.005


def test_without_held_out_responses():
    of = sample(held_out=0)
    alone = gate(of=of, expected=EXPECTED[:3])
    figures = alone.figures("onnx-int8", 1, EXPECTED[:3])
    assert (figures.held_out, figures.qwk, figures.qwk_change) == (None, None, None)
    with pytest.raises(ParityError, match=r"66\.7% of 3"):
        alone.near("onnx-int8", moved([1])[:3])


def test_what_is_no_number_never_passes():
    found = EXPECTED.copy()
    found[9, 1] = np.nan
    with pytest.raises(ParityError, match=r"differs by inf.*response 'r6'"):
        gate(Limits(greatest=1)).exact("onnx-fp32", found, EXPECTED)
    nothing = np.full_like(EXPECTED, np.nan)
    with pytest.raises(ParityError):
        gate().near("onnx-int8", nothing)


def test_classes_are_decided_as_devices_decide():
    expected = np.array([[0.4, 0.25, 0.35]] * 203)  # 0 by the most probable, 1 by the expected
    found = np.array([[0.35, 0.25, 0.4]] * 203)  # 2, and 1 still
    of = sample(scores=np.ones(200))
    gate(of=of, expected=expected, decision=NEAREST_EXPECTED).near("onnx-int8", found)
    with pytest.raises(ParityError):
        gate(of=of, expected=expected).near("onnx-int8", found)


@pytest.mark.parametrize(
    "limits",
    [
        {"greatest": -1e-9},
        {"greatest": 2},
        {"equal": 1.01},
        {"equal": float("nan")},
        {"qwk_loss": -0.1},
    ],
)
def test_limits_that_are_none(limits):
    with pytest.raises(InputError, match="it must be 0 to"):
        Limits(**limits)
