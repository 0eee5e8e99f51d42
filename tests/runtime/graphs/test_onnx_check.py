"""ONNX graphs that are a student's pass; each kind of attack is refused by name."""

from __future__ import annotations

from time import process_time

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import bundles_made
import seconds_made
from kd_edge_export.onnx import int8_matmul
from kd_edge_export.onnx.bag import onnx_fp32
from kd_edge_runtime.graphs.limits import Described, GraphError
from kd_edge_runtime.graphs.onnx_check import check_onnx
from onnx_changes import Change, changed, node, number

WEIGHTS = bundles_made.student().weights
CLASSES, NGRAMS = len(WEIGHTS.head), len(WEIGHTS.table) // WEIGHTS.dimensions
BAG = Described("bag", CLASSES, NGRAMS, WEIGHTS.dimensions)
TOKENS = Described("transformer", 4)
GRAPH = onnx_fp32(WEIGHTS, "stove")
SECOND = seconds_made.graph(4, 5, "ab" * 32)


def refused(data: bytes, why: str, described: Described = BAG) -> None:
    began = process_time()
    with pytest.raises(GraphError, match=why):
        check_onnx(data, described)
    assert process_time() - began < 10


def test_what_is_written_passes():
    item = bundles_made.item()
    for form in ("onnx-int8", "onnx-fp32"):
        check_onnx(item.forms[form][1], BAG)
    for _, data in seconds_made.second().forms.values():
        check_onnx(data, TOKENS)


def test_products_of_integers_by_rows_pass(monkeypatch):
    """As teachers have them, and int8 students of version 0.2.0 had."""

    def product(model):
        model.opset_import[0].version = 18
        weight = numpy_helper.from_array(np.eye(6, dtype=np.float32), "weight")
        model.graph.initializer.append(weight)
        model.graph.node[3].input[0] = "mixed"
        model.graph.node.insert(1, helper.make_node("MatMul", ["tokens", "weight"], ["mixed"]))

    monkeypatch.setattr(int8_matmul, "LEAST", 1)
    whole = int8_matmul.int8_products(changed(product, SECOND))
    assert b"MatMulInteger" in whole
    check_onnx(whole, TOKENS)


@pytest.mark.parametrize(
    "described",
    [
        Described("bag", CLASSES + 1, NGRAMS, 8),
        Described("bag", CLASSES, NGRAMS + 1, 8),
        Described("transformer", CLASSES),
    ],
)
def test_another_students_graph(described):
    refused(GRAPH, "does not match the manifest", described)


def test_a_kind_that_has_no_graphs():
    refused(SECOND, "small models of kind 'other' do not have", Described("other", 4))


def subgraph() -> onnx.GraphProto:
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [])
    return helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "inner", [], [output])


def external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    tensor.ClearField("raw_data")


def cut(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.raw_data = tensor.raw_data[:-4]


def untyped(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].data_type = TensorProto.STRING


ATTACKS: dict[str, tuple[Change, str]] = {
    "data in another file": (external, "a constant with a part"),
    "fewer bytes than the shape": (cut, "other bytes than its shape takes"),
    "texts": (untyped, "a constant of a type"),
    "sizes below nothing": (
        lambda model: model.graph.initializer[0].dims.__setitem__(0, -1),
        "a constant of a type",
    ),
    "branches": (
        node("If", "counts", "z", then_branch=subgraph(), else_branch=subgraph()),
        "an attribute with a part",
    ),
    "a loop": (node("Loop", "", "counts", "z", body=subgraph()), "an attribute with a part"),
    "an operator of somebody": (
        node("Evil", "counts", "z", domain="evil"),
        "do not have: evil.Evil",
    ),
    "another of ONNX Runtime's": (
        node("Inverse", "counts", "z", domain="com.microsoft"),
        "do not have: com.microsoft.Inverse",
    ),
    "another of ONNX's": (node("Conv", "counts", "table", "z"), "do not have: Conv"),
    "a set of operators of somebody": (
        lambda model: model.opset_import.append(helper.make_opsetid("evil", 1)),
        "uses the operators 'evil' 1",
    ),
    "a function": (
        lambda model: model.functions.append(
            helper.make_function("evil", "F", ["a"], ["b"], [], [helper.make_opsetid("", 17)])
        ),
        "a model with a part",
    ),
    "sparse tensors": (
        lambda model: model.graph.sparse_initializer.append(onnx.SparseTensorProto()),
        "a graph with a part",
    ),
    "a value that is not there": (node("Relu", "nothing", "z"), "reads a value that is not there"),
    "a value twice": (node("Relu", "counts", "table"), "two values of one name"),
    "a constant twice": (
        lambda model: model.graph.initializer.append(model.graph.initializer[0]),
        "two constants of one name",
    ),
    "a product that does not fit": (
        node("MatMul", "table", "table", "z"),
        "MatMul that cannot run",
    ),
    "one more input": (
        lambda model: model.graph.input.append(
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
        ),
        "other inputs",
    ),
    "one more output": (
        lambda model: model.graph.output.append(
            helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["N", 3])
        ),
        "other outputs",
    ),
    "a name that is no text": (
        lambda model: model.metadata_props.append(
            onnx.StringStringEntryProto(key="a" * 5000, value="")
        ),
        "a name that is none",
    ),
    "a version to come": (lambda model: setattr(model, "ir_version", 99), "version 99"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks(name):
    change, why = ATTACKS[name]
    refused(changed(change, GRAPH), why)


TOO_MUCH: dict[str, tuple[list[Change], str]] = {
    "as large as it says": (
        [number("s", [1 << 20, 1 << 20]), node("ConstantOfShape", "s", "z")],
        "too much memory",
    ),
    "as large as a response says": ([node("Expand", "mask", "ids", "z")], "depend on more than"),
    "numbers up to a token's": (
        [number("a", 0), number("b", 1), node("Range", "a", "ids", "b", "z")],
        "depend on more than lengths",
    ),
    "repeated": (
        [number("s", [1 << 13, 1 << 13]), node("Tile", "ids", "s", "z")],
        "too much memory",
    ),
    "by the third power": (
        [
            number("first", [1]), number("third", [2]),
            node("Unsqueeze", "ids", "first", "a"), node("Unsqueeze", "ids", "third", "b", at=1),
            node("Add", "a", "b", "c", at=2), node("Unsqueeze", "c", "first", "d", at=3),
            node("Unsqueeze", "b", "third", "e", at=4), node("Add", "d", "e", "z", at=5),
        ],
        "out of all proportion",
    ),
    "by responses times responses": (
        [
            number("turn", [1, 0]), node("Transpose", "ids", "a", perm=[1, 0]),
            node("Cast", "ids", "f", to=1, at=1), node("Cast", "a", "g", to=1, at=2),
            node("MatMul", "f", "g", "z", at=3),
        ],
        "out of all proportion",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_takes_too_much(name):
    changes, why = TOO_MUCH[name]
    data = SECOND
    for change in changes:
        data = changed(change, data)
    refused(data, why, TOKENS)


def test_as_many_nodes_as_one_likes():
    def many(model):
        model.graph.node.extend(
            helper.make_node("Relu", ["counts"], [f"z{at}"]) for at in range(20_001)
        )

    refused(changed(many, GRAPH), "more than 20000 parts of a kind")


def test_fewer_rows_than_responses():
    """The mean of all responses in place of each."""

    def mean(model):
        model.graph.node[-1].output[0] = "shares"
        numbers = np.array([0], dtype=np.int64)
        model.graph.initializer.append(numpy_helper.from_array(numbers, "first"))
        model.graph.node.append(
            helper.make_node("ReduceSum", ["shares", "first"], ["probabilities"], keepdims=1)
        )

    refused(changed(mean, SECOND), "does not match the manifest", TOKENS)


@pytest.mark.parametrize(
    "data", [b"", b"\xff" * 40, b"noise" * 30, GRAPH[:-40], b"\x3a\x00"], ids=range(5)
)
def test_what_is_no_graph(data):
    refused(data, "is cut or damaged|version 0 of ONNX|a model with a part")


@pytest.mark.parametrize(("data", "described"), [(GRAPH, BAG), (SECOND, TOKENS)])
@given(st.data())
@settings(max_examples=150)
def test_damaged_graphs_are_read_or_refused(data, described, drawn):
    """Any bytes: an error of ours, or a graph of the right sizes."""
    damaged = bytearray(data)
    for _ in range(drawn.draw(st.integers(1, 4))):
        at = drawn.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = drawn.draw(st.integers(0, 255))
    cut_at = drawn.draw(st.one_of(st.just(len(damaged)), st.integers(0, len(damaged))))
    began = process_time()
    try:
        check_onnx(bytes(damaged[:cut_at]), described)
    except GraphError as error:
        assert str(error)
    assert process_time() - began < 10
