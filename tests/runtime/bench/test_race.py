"""Text classifiers that are no students of ours, in the runtimes that devices have."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto

import classifiers_made as made
from kd_edge_runtime.bench.race import Classifier
from kd_edge_runtime.errors import BackendError

TEXTS = ["the ice melts", "warm", "", "ice ice ice lid melts melts warm", "\ud800 lid"]


def wanted(texts, longest=8, table=made.TABLE):
    """The sum of the words' worth, of so many words at most."""
    known = {word: at for at, word in enumerate(made.WORDS)}
    rows = [[known.get(word, 1) for word in text.split()[:longest]] for text in texts]
    return [np.sum([table[at] for at in row] or [0 * table[0]], axis=0).tolist() for row in rows]


@pytest.fixture
def load(tmp_path):
    """Loads a classifier from a graph."""

    def load(graph, name="model.onnx", pad=False, longest=8, token=""):
        folder = made.write(tmp_path / "model", graph, name, pad=pad)
        return Classifier(folder / name, name.rpartition(".")[2], 1, longest, token)

    return load


@pytest.mark.parametrize("pad", [True, False])
@pytest.mark.parametrize("texts", [TEXTS, TEXTS * 30, [""], []], ids=["few", "many", "blank", "no"])
def test_onnx(load, pad, texts):
    assert load(made.onnx_graph(), pad=pad).score_many(texts) == wanted(texts)


@pytest.mark.parametrize(
    "names",
    [
        ("ids", "mask"),
        ("input_ids",),
        ("input_ids", "token_type_ids", "attention_mask"),
        ("serving_default_input_ids:0",),
    ],
)
def test_usual_names_of_inputs(load, names):
    assert load(made.onnx_graph(names)).score_many(TEXTS) == wanted(TEXTS)


def test_int32(load):
    graph = made.onnx_graph(kind=TensorProto.INT32)
    assert load(graph).score_many(TEXTS) == wanted(TEXTS)


def test_a_fixed_width(load):
    graph = made.onnx_graph(shape=("N", 3))
    assert load(graph).score_many(TEXTS) == wanted(TEXTS, 3)


def test_a_fixed_number_of_rows(load):
    graph = made.onnx_graph(shape=(2, "T"))
    assert load(graph).score_many(TEXTS) == wanted(TEXTS)


def test_long_responses_are_cut(load):
    assert load(made.onnx_graph(), longest=2).score_many(TEXTS) == wanted(TEXTS, 2)


@pytest.mark.parametrize("width", [-1, 4])
def test_tflite(load, width):
    graph = made.tflite_graph_bytes(width)
    longest = 8 if width < 0 else width
    found = load(graph, "model.tflite").score_many(TEXTS)
    assert found == wanted(TEXTS, longest)


@pytest.mark.parametrize(
    ("graph", "name", "told"),
    [
        (made.onnx_graph(("pixels",)), "model.onnx", r"the input 'pixels' is not one of a text"),
        (b"no graph", "model.onnx", r"ONNX Runtime cannot load it"),
        (b"no graph", "model.tflite", r"TFLite cannot load it"),
    ],
)
def test_what_is_no_text_classifier(load, graph, name, told):
    with pytest.raises(BackendError, match=told):
        load(graph, name)


def test_no_tokenizer(load, tmp_path):
    load(made.onnx_graph())
    (tmp_path / "model" / "tokenizer.json").write_text("{}")
    with pytest.raises(BackendError, match="the tokenizer cannot be loaded"):
        Classifier(tmp_path / "model" / "model.onnx", "onnx", 1, 8, "")
