"""Weights in fewer bits: off by what their rounding allows, and by nothing else."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from kd_edge.students.rnn import RnnNetwork, RnnOptions
from kd_edge_export.form_writers import TOKEN_DEFAULT, TOKEN_FORMS, TokenGraph, token_forms
from kd_edge_export.onnx import rnn, weights
from kd_edge_export.onnx.weights import LEAST, fp16_weights, int8_weights
from kd_edge_runtime import backends

BOTH = pytest.mark.parametrize("rewritten", [int8_weights, fp16_weights])
RNN = RnnOptions(words=220, embedding=14, hidden=20)


def graph(nodes, constants, inputs, outputs=("y",)):
    """A model of a few nodes: `ids` [I] are whole numbers, all else is float and has two axes."""
    made = helper.make_graph(
        nodes,
        "made",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["I"])
            if name == "ids"
            else helper.make_tensor_value_info(name, TensorProto.FLOAT, ["A", "B"])
            for name in inputs
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["C", "D"]) for name in outputs],
        [numpy_helper.from_array(one, name) for name, one in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"whose": "ours"})
    return model.SerializeToString()


def session(model, folded=None):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    if folded is not None:
        options.optimized_model_filepath = str(folded)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run(model, **inputs):
    return session(model).run(None, inputs)


def random(*shape, seed=0):
    """Numbers of very different size from one row and column to the next."""
    rng = np.random.default_rng(seed)
    sizes = 10.0 ** rng.uniform(-3, 1, (*shape[:-1], 1)) * 10.0 ** rng.uniform(-1, 1, shape[-1:])
    return (rng.standard_normal(shape) * sizes).astype(np.float32)


def product(weight):
    return graph([helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": weight}, ["x"])


def gemm(weight, **attributes):
    node = helper.make_node("Gemm", ["x", "w"], ["y"], **attributes)
    return graph([node], {"w": weight}, ["x"])


def table(weight):
    return graph([helper.make_node("Gather", ["w", "ids"], ["y"])], {"w": weight}, ["ids"])


READERS = {
    # how a weight is read back through its graph, and the axis over which a scale is shared
    "MatMul": (product, lambda m, w: run(m, x=np.eye(len(w), dtype=np.float32))[0], 0),
    "Gemm": (gemm, lambda m, w: run(m, x=np.eye(len(w), dtype=np.float32))[0], 0),
    "Gemm by rows": (
        lambda w: gemm(w, transB=1),
        lambda m, w: run(m, x=np.eye(w.shape[1], dtype=np.float32))[0].T,
        1,
    ),
    "Gather": (table, lambda m, w: run(m, ids=np.arange(len(w)))[0], 1),
}


@pytest.mark.parametrize("reader", READERS)
@given(rows=st.integers(16, 90), columns=st.integers(64, 90), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_a_byte_is_off_by_half_a_step_of_its_own_scale(reader, rows, columns, seed):
    make, read, shared = READERS[reader]
    weight = random(rows, columns, seed=seed)
    found = read(int8_weights(make(weight)), weight)
    step = np.abs(weight).max(shared, keepdims=True) / 127
    assert (np.abs(found - weight) <= step * 0.5001).all()
    assert (np.abs(found - weight) > step * 0.1).any()  # it was rounded


@pytest.mark.parametrize("reader", READERS)
def test_half_precision_is_off_by_a_2048th(reader):
    make, read, _ = READERS[reader]
    weight = random(70, 40)
    found = read(fp16_weights(make(weight)), weight)
    assert (np.abs(found - weight) <= np.maximum(np.abs(weight) / 2048, 3e-8)).all()
    assert (found == weight.astype(np.float16)).all()


@pytest.mark.parametrize("reader", READERS)
def test_rows_and_columns_of_zeros(reader):
    make, read, _ = READERS[reader]
    weight = random(50, 60)
    weight[3], weight[:, 7], weight[:, 9], weight[11] = 0, 0, 1e-42, -1e-42
    found = read(int8_weights(make(weight)), weight)
    assert np.isfinite(found).all()
    assert (found[3] == 0).all()
    assert (found[:, 7] == 0).all()
    assert np.abs(read(int8_weights(make(weight * 0)), weight)).max() == 0


def test_the_bytes():
    weight = random(600, 100)
    whole = len(product(weight))
    assert whole > 240_000
    assert len(int8_weights(product(weight))) < 61_000
    assert len(fp16_weights(product(weight))) < 120_500
    assert len(int8_weights(table(weight))) < 63_000


@BOTH
def test_what_weighs_nothing_stays(rewritten):
    constants = {
        "few": random(31, 33),
        "vector": random(4 * LEAST),
        "whole": np.arange(2 * LEAST).reshape(2, -1),
        "large": random(32, 33),
    }
    nodes = [helper.make_node("Identity", [name], [f"{name}2"]) for name in constants]
    model = onnx.load_from_string(rewritten(graph(nodes, constants, [], ["large2"])))
    kept = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    assert "large" not in kept
    for name in ("few", "vector", "whole"):
        assert (kept[name] == constants[name]).all()
        assert kept[name].dtype == constants[name].dtype


@BOTH
def test_all_else_of_the_model_stays(rewritten):
    model = product(random(40, 40))
    before, after = onnx.load_from_string(model), onnx.load_from_string(rewritten(model))
    assert after.opset_import == before.opset_import
    assert after.ir_version == before.ir_version
    assert after.metadata_props == before.metadata_props
    assert after.graph.input == before.graph.input
    assert after.graph.output == before.graph.output
    assert after.graph.node[-1] == before.graph.node[0]


@BOTH
@pytest.mark.parametrize(("make", "operator"), [(product, "MatMul"), (gemm, "Gemm")])
def test_onnx_runtime_makes_floats_of_them_once(rewritten, make, operator, tmp_path):
    session(rewritten(make(random(40, 40))), tmp_path / "folded.onnx")
    folded = onnx.load(tmp_path / "folded.onnx").graph
    assert [node.op_type for node in folded.node] == [operator]
    assert [one.data_type for one in folded.initializer] == [TensorProto.FLOAT]


@pytest.mark.parametrize(
    ("rewritten", "kept"), [(int8_weights, TensorProto.INT8), (fp16_weights, TensorProto.FLOAT16)]
)
def test_a_table_stays_small_in_memory(rewritten, kept, tmp_path):
    session(rewritten(table(random(400, 20))), tmp_path / "folded.onnx")
    folded = onnx.load(tmp_path / "folded.onnx").graph
    (large,) = (one for one in folded.initializer if np.prod(one.dims) == 8000)
    assert large.data_type == kept


@BOTH
def test_a_weight_with_several_users(rewritten):
    weight = random(40, 40)
    nodes = [
        helper.make_node("Gather", ["w", "ids"], ["rows"]),
        helper.make_node("Gather", ["w", "ids"], ["columns"], axis=1),
        helper.make_node("MatMul", ["x", "w"], ["out"]),
        helper.make_node("Gather", ["w", "one"], ["row"]),
    ]
    inputs = {"ids": np.array([3, 0]), "x": np.eye(40, dtype=np.float32)}
    for some in (nodes, nodes[:1] + nodes[3:], nodes[1:2]):
        outputs = [node.output[0] for node in some]
        fed = {name: inputs[name] for name in ("ids", "x") if any(name in n.input for n in some)}
        whole = graph(some, {"w": weight, "one": np.array([1])}, list(fed), outputs)
        found, expected = run(rewritten(whole), **fed), run(whole, **fed)
        for one, other in zip(found, expected, strict=True):
            assert one.shape == other.shape
            assert np.abs(one - other).max() <= np.abs(weight).max() / 250


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(5)
    return RnnNetwork(222, 4, RNN).eval()


def state_of(network):
    return {name: one.detach().numpy() for name, one in network.state_dict().items()}


def rounded(weight, axes):
    step = np.abs(weight).max(axes, keepdims=True) / 127
    step[step == 0] = 1  # the row of padding
    return np.rint(weight / step) * step


def test_an_rnn_in_int8_is_the_rnn_of_rounded_weights(network):
    """All that is lost is the rounding: PyTorch with the same numbers gives the same."""
    state = state_of(network)
    other = RnnNetwork(222, 4, RNN).eval()
    other.load_state_dict(
        {
            name: torch.from_numpy(
                rounded(one, (1,)) if "gru.weight" in name or "embedding" in name else one
            )
            for name, one in state.items()
        }
    )
    rng = np.random.default_rng(0)
    ids = rng.integers(2, 222, (9, 30))
    mask = (np.arange(30)[None] < rng.integers(0, 31, 9)[:, None]).astype(np.int64)
    ids *= mask
    with torch.inference_mode():
        fed = torch.from_numpy(ids), torch.from_numpy(mask)
        exact, floats = (one(*fed).softmax(-1).numpy() for one in (other, network))
    found = run(int8_weights(rnn.onnx_fp32(state, "x")), ids=ids, mask=mask)[0]
    assert np.abs(found - exact).max() < 1e-6
    assert np.abs(found - floats).max() > 1e-5


def test_the_forms_of_a_token_student(network):
    state = state_of(network)
    fp32 = rnn.onnx_fp32(state, "spoon", "ab" * 32)
    made = token_forms(TokenGraph(fp32), "spoon", "ab" * 32, TOKEN_FORMS)
    assert made == {
        "onnx-int8": ("int8.onnx", int8_weights(fp32)),
        "onnx-fp16": ("fp16.onnx", fp16_weights(fp32)),
        "onnx-fp32": ("fp32.onnx", fp32),
    }
    for _, data in made.values():
        model = onnx.load_from_string(data)
        assert {one.key: one.value for one in model.metadata_props} == {
            "kd-edge.item": "spoon",
            "kd-edge.vectorizer": "ab" * 32,
        }
    assert [*token_forms(TokenGraph(fp32), "spoon", "", ["onnx-fp16"])] == ["onnx-fp16"]
    read = {
        form for one in backends._BACKENDS.values() if "rnn" in one.students for form in one.forms
    }
    assert set(TOKEN_FORMS) <= read
    assert set(TOKEN_DEFAULT) <= set(TOKEN_FORMS)


def test_scales_are_never_too_small_to_divide_by():
    scale = np.array([0, 1e-45, 1e-38, 2e-38, 5], dtype=np.float32)
    assert weights.usable(scale).tolist() == [1, 1, 1, np.float32(2e-38), 5]
