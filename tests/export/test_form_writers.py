"""The forms of a bag: made by name, of one table."""

from __future__ import annotations

import pytest

import bundles_made
from kd_edge_export.form_writers import BAG_DEFAULT, BAG_FORMS, bag_forms
from kd_edge_export.onnx import bag as onnx_bag
from kd_edge_export.tflite import bag as tflite_bag
from kd_edge_runtime import backends

WEIGHTS = bundles_made.student().weights


def made(*names):
    return bag_forms(WEIGHTS, "stove", "ab" * 32, names)


def test_all_that_were_asked_for_are_made():
    whose = (WEIGHTS, "stove", "ab" * 32)
    assert made(*BAG_FORMS) == {
        "plain-int8": ("bag.int8", WEIGHTS.to_bytes()),
        "onnx-int8": ("int8.onnx", onnx_bag.onnx_int8(*whose)),
        "tflite-int8": ("int8.tflite", tflite_bag.tflite_int8(*whose)),
        "onnx-fp32": ("fp32.onnx", onnx_bag.onnx_fp32(*whose)),
        "tflite-fp32": ("fp32.tflite", tflite_bag.tflite_fp32(*whose)),
    }


@pytest.mark.parametrize("names", [(), ("tflite-int8",), ("onnx-fp32", "plain-int8"), BAG_DEFAULT])
def test_no_others_are_made(names):
    assert [*made(*names)] == [*names]


def test_a_backend_reads_every_form():
    read = {
        form for one in backends._BACKENDS.values() if "bag" in one.students for form in one.forms
    }
    assert set(BAG_FORMS) <= read


def test_every_backend_reads_one_of_the_default():
    for one in backends._BACKENDS.values():
        assert one.forms[0] in BAG_DEFAULT
