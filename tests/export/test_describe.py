"""What is in a graph: ONNX and TFLite, read where the workshop is."""

from __future__ import annotations

import random
import sys
from importlib.metadata import entry_points
from pathlib import Path

import flatbuffers
import numpy as np
import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from kd_edge_export.describe import onnx_graph, tflite_graph
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BackendError, BundleError
from kd_edge_runtime.students.describe import Graph, Tensor

# A bundle that never changes.
with Bundle(Path(__file__).parents[1] / "bundles" / "protocol-1.kdz") as _bundle:
    FP32, INT8 = (_bundle.read(f"items/0/{form}.onnx") for form in ("fp32", "int8"))
SIZE, WIDTH, CLASSES = 60, 8, 4


def test_they_are_registered():
    found = {point.name: point.load() for point in entry_points(group="kd_edge.describe")}
    assert found == {"onnx": onnx_graph, "tflite": tflite_graph}


def test_an_onnx_bag():
    head = (
        Tensor("bias", "float32", (WIDTH,), 4 * WIDTH),
        Tensor("head", "float32", (CLASSES, WIDTH), 4 * CLASSES * WIDTH),
        Tensor("head_bias", "float32", (CLASSES,), 4 * CLASSES),
        Tensor("probabilities", "float32", ("N", CLASSES), role="output"),
    )
    counts = Tensor("counts", "float32", ("N", SIZE), role="input")
    versions = {"producer": "kd-edge", "IR": 8, "ai.onnx": 17}
    # As the list of ONNX's operators has them: the last version not above the set's, 17.
    operators = {"MatMul": 13, "Add": 14, "Relu": 14, "Gemm": 13, "Softmax": 13}
    metadata = {"kd-edge.item": "stove"}
    assert onnx_graph(FP32) == Graph(
        versions,
        (counts, Tensor("table", "float32", (SIZE, WIDTH), 4 * SIZE * WIDTH), *head),
        operators,
        metadata,
    )
    assert onnx_graph(INT8) == Graph(
        versions,
        (
            counts,
            Tensor("table", "int8", (SIZE, WIDTH), SIZE * WIDTH),
            Tensor("scale", "float32", (WIDTH,), 4 * WIDTH),
            *head,
        ),
        {"Cast": 13, "Mul": 14, **operators},
        metadata,
    )


def small_onnx(node, domains, shape=("N", 2)):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    graph = helper.make_graph([node], "one", values[:1], values[1:])
    sets = [helper.make_opsetid(*one) for one in domains]
    return helper.make_model(graph, opset_imports=sets, ir_version=8).SerializeToString()


def test_an_operator_of_another_set():
    node = helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft")
    found = onnx_graph(small_onnx(node, [("", 17), ("com.microsoft", 1)]))
    assert found.operators == {"com.microsoft.Gelu": 1}
    assert found.versions == {"IR": 8, "ai.onnx": 17, "com.microsoft": 1}


def test_onnxs_own_set_by_its_long_name():
    found = onnx_graph(small_onnx(helper.make_node("Relu", ["x"], ["y"]), [("ai.onnx", 17)]))
    assert found.operators == {"Relu": 14}
    assert found.versions == {"IR": 8, "ai.onnx": 17}


def test_an_axis_without_a_name():
    node = helper.make_node("Relu", ["x"], ["y"])
    found = onnx_graph(small_onnx(node, [("", 17)], (None, 2)))
    assert [one.shape for one in found.tensors] == [("N", 2), ("N", 2)]


def packed(model):
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def tflite_model():
    """counts [N, 3] times table [2, 3], by hand."""
    model = schema.ModelT()
    model.version, model.description = 3, "by hand"
    model.buffers = [schema.BufferT() for _ in range(4)]
    model.buffers[1].data = np.arange(6, dtype=np.uint8)
    model.buffers[2].data = np.frombuffer(b"1.5.0" + bytes(11), dtype=np.uint8)
    model.subgraphs = [schema.SubGraphT()]
    model.subgraphs[0].tensors = [
        tflite_tensor("counts", [1, 3], schema.TensorType.FLOAT32, signature=[-1, 3]),
        tflite_tensor("table", [2, 3], schema.TensorType.INT8, 1),
        tflite_tensor("sums", [1, 2], schema.TensorType.FLOAT32, signature=[-1, 2]),
    ]
    model.subgraphs[0].inputs, model.subgraphs[0].outputs = [0], [2]
    model.operatorCodes = [
        tflite_code(schema.BuiltinOperator.FULLY_CONNECTED, 9),
        tflite_code(schema.BuiltinOperator.FULLY_CONNECTED, 2),
        tflite_code(schema.BuiltinOperator.GELU, 1),  # above 127
        tflite_code(schema.BuiltinOperator.CUSTOM, 1, b"Mine"),
    ]
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0, 1], [2]
    model.subgraphs[0].operators = [operator]
    model.metadata = [schema.MetadataT(), schema.MetadataT()]
    model.metadata[0].name, model.metadata[0].buffer = "min_runtime_version", 2
    model.metadata[1].name, model.metadata[1].buffer = "empty", 3
    model.signatureDefs = [schema.SignatureDefT()]
    model.signatureDefs[0].signatureKey = "serving_default"
    return model


def tflite_tensor(name, shape, kind, buffer=0, signature=None):
    made = schema.TensorT()
    made.name, made.shape, made.type, made.buffer = name, shape, kind, buffer
    made.shapeSignature = signature
    return made


def tflite_code(builtin, version, custom=None):
    made = schema.OperatorCodeT()
    made.builtinCode, made.deprecatedBuiltinCode = builtin, min(builtin, 127)
    made.version, made.customCode = version, custom
    return made


def test_a_tflite_graph():
    assert tflite_graph(packed(tflite_model())) == Graph(
        {"producer": "by hand", "schema": 3},
        (
            Tensor("counts", "float32", ("N", 3), role="input"),
            Tensor("table", "int8", (2, 3), 6),
            Tensor("sums", "float32", ("N", 2), role="output"),
        ),
        {"FULLY_CONNECTED": 9, "GELU": 1, "Mine": 1},
        {"signature": "serving_default", "min_runtime_version": "1.5.0", "empty": ""},
    )


def test_a_tflite_graph_that_says_little():
    model = tflite_model()
    model.description = model.metadata = model.signatureDefs = None
    model.subgraphs[0].tensors[0].shape = model.subgraphs[0].tensors[0].shapeSignature = None
    # Older files have an operator's code in the one field that was there.
    model.operatorCodes = [schema.OperatorCodeT()]
    model.operatorCodes[0].deprecatedBuiltinCode = schema.BuiltinOperator.SOFTMAX
    found = tflite_graph(packed(model))
    assert found.versions == {"schema": 3}
    assert found.tensors[0].shape == ()
    assert (found.operators, found.metadata) == ({"SOFTMAX": 1}, {})


def test_without_the_schema(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.delitem(sys.modules, "ai_edge_litert.schema_py_generated")
    with pytest.raises(BackendError, match="pip install ai-edge-litert"):
        tflite_graph(packed(tflite_model()))


GRAPHS = {
    "onnx": (onnx_graph, INT8),
    "tflite": (tflite_graph, packed(tflite_model())),
}


@pytest.mark.parametrize("kind", GRAPHS)
@pytest.mark.parametrize("data", [b"", b"\0" * 8, b"PK\x03\x04", b"x" * 1000])
def test_what_is_no_graph(kind, data):
    with pytest.raises(BundleError, match=r"not an? \w+ graph"):
        GRAPHS[kind][0](data)


def test_a_flatbuffer_of_another_schema():
    data = GRAPHS["tflite"][1]
    with pytest.raises(BundleError, match="not a TFLite graph"):
        tflite_graph(data[:4] + b"TFL2" + data[8:])


@pytest.mark.parametrize("kind", GRAPHS)
def test_a_graph_cut_short(kind):
    describe, data = GRAPHS[kind]
    whole = describe(data)
    for length in range(0, len(data), 7):
        try:
            assert describe(data[:length]).operators in ({}, whole.operators)
        except BundleError as error:
            assert len(str(error)) < 300


@pytest.mark.parametrize("kind", GRAPHS)
@given(seed=st.integers(0, 1 << 32), flips=st.integers(1, 6))
def test_a_damaged_graph_is_read_or_refused(kind, seed, flips):
    describe, data = GRAPHS[kind]
    rng = random.Random(seed)
    damaged = bytearray(data)
    for _ in range(flips):
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    try:
        describe(bytes(damaged))
    except BundleError as error:
        assert "\n" not in str(error)


def test_a_graph_that_onnx_refuses():
    # It parses: only the checker knows that a tensor comes from nowhere.
    model = onnx.load_from_string(GRAPHS["onnx"][1])
    del model.graph.initializer[0]
    with pytest.raises(BundleError, match="table"):
        onnx_graph(model.SerializeToString())
