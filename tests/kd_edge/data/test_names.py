"""What may be a name: whatever a device's reader takes, and nothing else."""

from __future__ import annotations

import pytest

import bundles_made
from kd_edge.data.names import why_no_name
from kd_edge_export.onnx.bag import onnx_int8
from kd_edge_export.tflite.bag import tflite_int8
from kd_edge_runtime.graphs.limits import MAX_NAME, Described, GraphError
from kd_edge_runtime.graphs.onnx_check import check_onnx
from kd_edge_runtime.graphs.tflite_check import check_tflite

WEIGHTS = bundles_made.student().weights
NGRAMS = len(WEIGHTS.table) // WEIGHTS.dimensions
BAG = Described("bag", len(WEIGHTS.head), NGRAMS, WEIGHTS.dimensions)
LONGEST = "é" * (MAX_NAME // 2)


def test_the_longest_name_is_that_of_graphs():
    assert why_no_name(LONGEST) == ""
    check_onnx(onnx_int8(WEIGHTS, LONGEST), BAG)
    check_tflite(tflite_int8(WEIGHTS, LONGEST), BAG)
    longer = f"{LONGEST}e"
    assert why_no_name(longer) == "is longer than any name (1,024 bytes)"
    with pytest.raises(GraphError, match="a name that is none"):
        check_onnx(onnx_int8(WEIGHTS, longer), BAG)


@pytest.mark.parametrize(
    ("name", "why"), [("", "is blank"), ("a\nb", "has a control"), ("\x9b2J", "has a control")]
)
def test_what_is_no_name(name, why):
    assert why_no_name(name).startswith(why)


def test_a_name_with_half_a_character_is_counted():
    assert why_no_name("\ud800" * 3) == why_no_name("page 3, left") == ""
