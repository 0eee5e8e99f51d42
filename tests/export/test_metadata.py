"""What a graph says of itself, the same in ONNX and TFLite."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

import bundles_made
import kd_edge
from kd_edge_export.metadata import PRODUCER, VERSION, metadata
from kd_edge_export.onnx.graph import set_metadata
from kd_edge_export.tflite.bag import tflite_int8
from kd_edge_runtime.backends import tflite_file


def test_the_entries():
    assert metadata("Größe 水") == {"kd-edge.item": "Größe 水"}
    assert metadata("stove", "ab" * 32) == {
        "kd-edge.item": "stove",
        "kd-edge.vectorizer": "ab" * 32,
    }


def test_the_version_is_that_of_the_workshop():
    assert ("kd-edge", kd_edge.__version__) == (PRODUCER, VERSION)


def test_both_kinds_of_graph_say_the_same():
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    model = helper.make_model(
        helper.make_graph([], "one", [value], [value]), producer_name="another"
    )
    set_metadata(model, "stove", "ab" * 32)
    model = onnx.load_from_string(model.SerializeToString())
    told = {one.key: one.value for one in model.metadata_props}
    assert told == metadata("stove", "ab" * 32)
    assert (model.producer_name, model.producer_version) == (PRODUCER, VERSION)
    graph = tflite_int8(bundles_made.student().weights, "stove", "ab" * 32)
    assert tflite_file.metadata(graph) == told
