"""The writer of TFLite graphs: files that LiteRT reads back as they were meant."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from hypothesis import given
from hypothesis import strategies as st

from kd_edge_export.tflite.graph import TfliteGraph
from kd_edge_runtime._version import __version__

CODES, OPTIONS = schema.BuiltinOperator, schema.BuiltinOptions


def product(graph, values, weight, name, width):
    """A layer without a bias."""
    made = graph.rows(name, width)
    graph.operator(
        CODES.FULLY_CONNECTED,
        1,
        [values, weight, -1],
        made,
        OPTIONS.FullyConnectedOptions,
        schema.FullyConnectedOptionsT(),
    )
    return made


def small(metadata=()):
    """Two inputs, each multiplied by 2 and by 3, and the sum of both."""
    graph = TfliteGraph()
    first, second = graph.rows("first", 2), graph.rows("second", 2)
    twice = graph.constant("twice", 2 * np.eye(2, dtype=np.float32))
    thrice = graph.constant("thrice", 3 * np.eye(2, dtype=np.float32))
    made = graph.rows("sum", 2)
    both = [
        product(graph, first, twice, "first2", 2),
        product(graph, second, thrice, "second3", 2),
    ]
    graph.operator(CODES.ADD, 1, both, made, OPTIONS.AddOptions, schema.AddOptionsT())
    return graph.to_bytes([first, second], [made], dict(metadata))


def run(data, **inputs):
    """The one output of a graph."""
    interpreter = Interpreter(model_content=data, num_threads=1)
    numbers = {one["name"]: one["index"] for one in interpreter.get_input_details()}
    for name, values in inputs.items():
        interpreter.resize_tensor_input(numbers[name], values.shape)
    interpreter.allocate_tensors()
    for name, values in inputs.items():
        interpreter.set_tensor(numbers[name], values)
    interpreter.invoke()
    (output,) = interpreter.get_output_details()
    return interpreter.get_tensor(output["index"])


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_graph_computes_for_any_number_of_rows(rows):
    first = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
    second = np.full((rows, 2), 7, dtype=np.float32)
    assert (run(small(), first=first, second=second) == 2 * first + 3 * second).all()


def test_the_signature_names_inputs_and_outputs():
    found = Interpreter(model_content=small()).get_signature_list()
    assert found == {"serving_default": {"inputs": ["first", "second"], "outputs": ["sum"]}}
    runner = Interpreter(model_content=small()).get_signature_runner()
    one = np.ones((1, 2), dtype=np.float32)
    assert runner(first=10 * one, second=one)["sum"].tolist() == [[23, 23]]


def test_bytes_with_a_scale_for_each_slice():
    graph = TfliteGraph()
    numbers = np.array([[1, -2, 3], [127, -127, 0]], dtype=np.int8)
    values, weight = graph.rows("values", 3), graph.fixed("weight", (2, 3))
    graph.operator(
        CODES.DEQUANTIZE,
        5,
        [graph.constant("numbers", numbers, [0.5, 2.0])],
        weight,
        OPTIONS.DequantizeOptions,
        schema.DequantizeOptionsT(),
    )
    made = product(graph, values, weight, "made", 2)
    found = run(graph.to_bytes([values], [made], {}), values=np.eye(3, dtype=np.float32))
    assert found.T.tolist() == [[0.5, -1, 1.5], [254, -254, 0]]


def test_the_files_frame():
    data = small({"one": "1", "two": "zwei, 二"})
    assert data == small({"one": "1", "two": "zwei, 二"})
    assert data[4:8] == b"TFL3"
    model = schema.ModelT.InitFromPackedBuf(data)
    assert model.version == 3
    assert model.description.decode() == f"kd-edge {__version__}"
    assert model.buffers[0].data is None
    told = {one.name.decode(): bytes(model.buffers[one.buffer].data) for one in model.metadata}
    assert told == {"one": b"1", "two": "zwei, 二".encode()}
    tensors = model.subgraphs[0].tensors
    for one in tensors:
        given_one = one.name.decode() in ("twice", "thrice")
        assert (one.shapeSignature is None) == given_one
        assert given_one or [*one.shape, *one.shapeSignature] == [1, 2, -1, 2]
    assert [one.name.decode() for one in tensors] == [
        *("first", "second", "twice", "thrice", "sum", "first2", "second3")
    ]


def test_operators_of_one_version_share_a_code():
    model = schema.ModelT.InitFromPackedBuf(small())
    assert [
        (one.builtinCode, one.deprecatedBuiltinCode, one.version) for one in model.operatorCodes
    ] == [(CODES.FULLY_CONNECTED,) * 2 + (1,), (CODES.ADD,) * 2 + (1,)]
    assert [one.opcodeIndex for one in model.subgraphs[0].operators] == [0, 0, 1]


def test_a_code_that_older_readers_have_no_field_for():
    graph = TfliteGraph()
    values, made = graph.rows("values", 2), graph.rows("made", 2)
    graph.operator(CODES.GELU, 1, [values], made, OPTIONS.GeluOptions, schema.GeluOptionsT())
    data = graph.to_bytes([values], [made], {})
    (code,) = schema.ModelT.InitFromPackedBuf(data).operatorCodes
    assert (code.builtinCode, code.deprecatedBuiltinCode) == (CODES.GELU, 127)
    assert CODES.GELU > 127
    assert run(data, values=np.array([[0, 3]], dtype=np.float32))[0] == pytest.approx(
        [0, 2.99595], abs=1e-3
    )


SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=3)


@given(st.lists(st.tuples(SHAPES, st.booleans()), max_size=5), st.integers(0, 2**32))
def test_constants_are_kept_and_aligned(shapes, seed):
    rng = np.random.default_rng(seed)
    arrays = [
        rng.integers(-128, 128, shape).astype(np.int8)
        if small_ones
        else rng.normal(size=shape).astype(np.float32)
        for shape, small_ones in shapes
    ]
    graph = TfliteGraph()
    for number, array in enumerate(arrays):
        # What is turned is stored as it reads.
        assert graph.constant(f"array {number}", array.T) == number
    data = graph.to_bytes([], [], {})
    model = schema.Model.GetRootAs(data)
    for number, array in enumerate(arrays):
        tensor = model.Subgraphs(0).Tensors(number)
        assert tensor.ShapeAsNumpy().tolist() == [*array.T.shape]
        buffer = model.Buffers(tensor.Buffer())
        assert buffer.DataAsNumpy().tobytes() == array.T.tobytes()
        # Where the vector begins; 4 is the place of `data` in a buffer's table.
        at = buffer._tab.Vector(buffer._tab.Offset(4))
        assert at % 16 == 0
