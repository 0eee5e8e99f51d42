"""Products in 8 bits: near the floats', row by row, whatever stands beside a row."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from kd_edge_export.onnx.int8_matmul import LEAST, int8_products

DEPTH, WIDTH = 256, 260
RNG = np.random.default_rng(0)
WEIGHT = RNG.standard_normal((DEPTH, WIDTH)).astype(np.float32) * 0.05
BACK = RNG.standard_normal((WIDTH, DEPTH)).astype(np.float32) * 0.05


def graph(nodes, constants, opset=18, outputs=("y",)):
    """A model that takes x [A, B, D]."""
    made = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["A", "B", "D"])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["A", "B", name])
            for name in outputs
        ],
        [numpy_helper.from_array(one, name) for name, one in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(model, {"whose": "ours"})
    return model.SerializeToString()


def product(weight=WEIGHT, opset=18):
    return graph([helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": weight}, opset)


def run(model, x):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    loaded = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    found = loaded.run(None, {"x": x.astype(np.float32)})
    return found[0] if len(found) == 1 else found


def constants_of(model):
    graph = onnx.load_from_string(model).graph
    return {one.name: numpy_helper.to_array(one) for one in graph.initializer}


def allowed(x, weight):
    """What rounding a row and a weight to half a step each may make of their product."""
    row = (x.max(-1, keepdims=True) - x.min(-1, keepdims=True)) / 255 / 2
    whole = constants_of(int8_products(product(weight)))
    column = whole["w.scale"] / 2
    return (
        row * np.abs(weight).sum(0)
        + np.abs(x).sum(-1, keepdims=True) * column
        + x.shape[-1] * row * column
    ) * 1.001 + 1e-5


MADE = int8_products(product())


@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 6)),
    size=st.floats(-4, 4),
    shift=st.floats(-3, 3),
    outlier=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=50)
def test_a_product_is_off_by_what_rounding_allows(shape, size, shift, outlier, seed):
    rng = np.random.default_rng(seed)
    x = ((rng.standard_normal((*shape, DEPTH)) + shift) * 10.0**size).astype(np.float32)
    if outlier:
        x[..., 7] *= 50
    expected = x.astype(np.float64) @ WEIGHT
    assert (np.abs(run(MADE, x) - expected) <= allowed(x, WEIGHT) * max(1, 10.0**size)).all()


def test_it_is_nearer_than_that_as_a_rule():
    x = RNG.standard_normal((4, 30, DEPTH))
    expected = x @ WEIGHT
    error = run(MADE, x) - expected
    assert 0 < np.sqrt((error**2).mean()) < 0.015 * expected.std()


def test_a_row_does_not_know_the_others():
    x = RNG.standard_normal((3, 5, DEPTH))
    x[1] *= 1000
    whole = run(MADE, x)
    for a in range(3):
        for b in range(5):
            alone = run(MADE, x[a : a + 1, b : b + 1])
            assert np.allclose(whole[a, b], alone[0, 0], rtol=1e-6, atol=0)


@pytest.mark.parametrize("value", [0.0, 3.5, -2.0, 1e-20])
def test_a_row_of_equal_numbers(value):
    x = np.full((1, 2, DEPTH), value)
    whole = constants_of(MADE)
    rounded = whole["w.whole"].astype(np.float64) * whole["w.scale"]
    assert np.allclose(run(MADE, x), x @ rounded, rtol=1e-5, atol=1e-5 * abs(value))
    inner = onnx.load_from_string(MADE)
    inner.graph.output.append(
        helper.make_tensor_value_info("x.steps", TensorProto.FLOAT, ["A", "B", "D"])
    )
    assert (run(inner.SerializeToString(), x)[1] == 0).all()  # not 0 / 0


@given(depth=st.integers(256, 300), seed=st.integers(0, 2**32 - 1), same=st.booleans())
@settings(max_examples=20)
def test_two_products_added_up_fit_into_16_bits(depth, seed, same):
    """As x86-64 processors without VNNI add them up; what does not fit they cut off."""
    weight = np.random.default_rng(seed).standard_normal((depth, 300)).astype(np.float32)
    if same:
        weight = np.abs(weight) + 3
    whole = constants_of(int8_products(product(weight)))["w.whole"].astype(np.int64)
    pairs = np.pad(whole, ((0, depth % 2), (0, 0))).reshape(-1, 2, 300)
    assert (255 * np.maximum(pairs, 0)).sum(1).max() <= 2**15 - 1
    assert (255 * np.minimum(pairs, 0)).sum(1).min() >= -(2**15)
    assert np.abs(whole).max(0).min() >= 60  # and no bits are wasted


def test_an_odd_number_of_rows():
    weight = RNG.standard_normal((257, 260)).astype(np.float32)
    x = RNG.standard_normal((1, 3, 257)).astype(np.float32)
    assert (np.abs(run(int8_products(product(weight)), x) - x @ weight) <= allowed(x, weight)).all()


def test_a_column_of_zeros():
    weight = WEIGHT.copy()
    weight[:, 5] = 0
    found = run(int8_products(product(weight)), RNG.standard_normal((1, 3, DEPTH)))
    assert np.isfinite(found).all()
    assert (found[..., 5] == 0).all()


def test_products_of_products_and_of_the_same_rows():
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("MatMul", ["h", "back"], ["y"]),
        helper.make_node("MatMul", ["x", "w"], ["again"]),
        helper.make_node("MatMul", ["x", "small"], ["few"]),
        helper.make_node("MatMul", ["x", "small"], ["rows"]),
    ]
    constants = {"w": WEIGHT, "back": BACK, "small": WEIGHT[:, :9]}
    model = graph(nodes, constants, outputs=("y", "again", "few", "h", "rows"))
    made = int8_products(model)
    operators = Counter(node.op_type for node in onnx.load_from_string(made).graph.node)
    assert (operators["MatMulInteger"], operators["MatMul"]) == (3, 2)
    assert operators["QuantizeLinear"] == 2
    # A seed of its own: what RNG gives depends on which tests ran before. Over 300 seeds, rounding
    # is 1.0 to 1.2 % of one product and 1.5 to 1.7 % of two; its largest error varies far more.
    x = np.random.default_rng(1).standard_normal((2, 3, DEPTH))
    for one, other in zip(run(made, x), run(model, x), strict=True):
        assert (one - other).std() < 0.02 * other.std()


def test_a_weight_that_is_used_otherwise_too():
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Add", ["h", "w"], ["y"]),
    ]
    square = WEIGHT[:, :256]
    x = RNG.standard_normal((1, 256, 256)).astype(np.float32)
    found = run(int8_products(graph(nodes, {"w": square})), x)
    assert np.abs(found - (x @ square + square)).max() < 0.1


def test_what_stays_as_it_is():
    few = WEIGHT[:, :255]
    assert few.size < LEAST <= WEIGHT.size
    for model in (product(few), product(opset=17)):
        assert int8_products(model) is model
    before, after = onnx.load_from_string(product()), onnx.load_from_string(MADE)
    assert after.opset_import == before.opset_import
    assert after.ir_version == before.ir_version
    assert after.metadata_props == before.metadata_props
    assert (after.graph.input, after.graph.output) == (before.graph.input, before.graph.output)
    assert len(MADE) < len(product()) / 3.8
