"""The TFLite backend: scores as plain Python does, refuses what is not the item's graph."""

from __future__ import annotations

import base64
import random
from dataclasses import replace

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st

import bundles_made
import tflites
from kd_edge_export.tflite.bag import tflite_fp32, tflite_int8
from kd_edge_runtime import backends
from kd_edge_runtime.backends import with_tflite
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BackendError
from kd_edge_runtime.students.item import LoadedItem

FORMS = ("tflite-int8", "tflite-fp32")
POOL = [word for sentence in bundles_made.SENTENCES for word in sentence.split()]
TEXT = st.lists(st.one_of(st.sampled_from(POOL), st.text(max_size=8)), max_size=30).map(" ".join)
WEIGHTS = bundles_made.student().weights
TEXTS = ["", "The ice melts.", "The lid keeps the warm air in the pot."]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A bundle, and a second item in it with other n-grams than its graphs were made for."""
    path = tmp_path_factory.mktemp("tflite") / "item.kdz"
    others = [
        replace(bundles_made.with_other_vocabulary(gram), item_id=f"runs of {gram}")
        for gram in (5, 9)
    ]
    rnn = replace(bundles_made.item(), item_id="rnn", student="rnn")
    bundles_made.write(path, [bundles_made.item(), *others, rnn])
    return path


@pytest.fixture(scope="module")
def item(path):
    with Bundle(path) as bundle:
        yield LoadedItem(bundle, bundle.manifest.items[0])


def plain(texts):
    return np.array(PlainModel(bundles_made.student()).probabilities(texts))


@pytest.mark.parametrize("form", FORMS)
@given(texts=st.lists(TEXT, max_size=6))
@settings(max_examples=40)
def test_both_forms_agree_with_plain(item, form, texts):
    found = with_tflite.load(item, form).probabilities(texts)
    assert len(found) == len(texts)
    for one, other in zip(found, plain(texts) if texts else (), strict=True):
        assert one == pytest.approx(other, abs=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_long_and_empty_responses(item, form):
    long = " ".join(random.Random(0).choices(POOL, k=250_000))
    texts = ["", long, "a" * 100_000, "", "the ice"]
    found = with_tflite.load(item, form).probabilities(texts)
    assert np.array(found) == pytest.approx(plain(texts), abs=1e-5)


def test_batches_keep_the_order(item, monkeypatch):
    rng = random.Random(3)
    texts = [" ".join(rng.choices(POOL, k=rng.randint(0, 30))) for _ in range(40)]
    model = with_tflite.load(item, "tflite-int8")
    for size in (1, 7, 40, 3, 1):
        monkeypatch.setattr(with_tflite, "_BATCH", size)
        assert np.array(model.probabilities(texts)) == pytest.approx(plain(texts), abs=1e-5)


def test_the_input_is_resized_only_for_another_number(item, monkeypatch):
    model = with_tflite.load(item, "tflite-int8")
    sizes = []
    resize = model._interpreter.resize_tensor_input

    def noted(number, shape):
        sizes.append(shape[0])
        resize(number, shape)

    monkeypatch.setattr(model._interpreter, "resize_tensor_input", noted)
    monkeypatch.setattr(with_tflite, "_BATCH", 2)
    for number in (1, 1, 2, 4, 5, 1):
        model.probabilities(["the ice"] * number)
    assert sizes == [2, 1]


def test_int8_comes_first_and_takes_the_threads(item, monkeypatch):
    asked, form, made = [], LoadedItem.form, with_tflite.tflite.Interpreter

    def noted(self, name):
        asked.append(name)
        return form(self, name)

    def interpreter(**options):
        asked.append(options["num_threads"])
        return made(**options)

    monkeypatch.setattr(LoadedItem, "form", noted)
    monkeypatch.setattr(with_tflite.tflite, "Interpreter", interpreter)
    backends.load(item, "tflite")
    model = backends.load(item, "tflite", threads=2)
    assert asked == ["tflite-int8", 1, "tflite-int8", 2]
    assert np.array(model.probabilities(TEXTS)) == pytest.approx(plain(TEXTS), abs=1e-5)


def test_a_numpy_that_the_interpreter_was_not_built_for(item, monkeypatch):
    def broken(**_):
        raise SystemError("returned a result with an exception set")

    monkeypatch.setattr(with_tflite.tflite, "Interpreter", broken)
    with pytest.raises(BackendError, match=r"another version of numpy: pip install 'numpy<2', or"):
        with_tflite.load(item, "tflite-int8")


# What must be so in both interpreters, without a word on standard error.


def graph(change=lambda _: None, data=None):
    """The form of a graph that is given itself, after a change by the schema's own names."""
    if data is None:
        model = schema.ModelT.InitFromPackedBuf(tflite_int8(WEIGHTS, "stove"))
        change(model)
        builder = flatbuffers.Builder()
        builder.Finish(model.Pack(builder), b"TFL3")
        data = bytes(builder.Output())
    # At least one = at the end, by which the child knows it.
    return base64.b64encode(data).decode() + "="


@pytest.mark.parametrize("tflite", tflites.BOTH)
def test_loading_and_scoring_print_nothing(tflite, path):
    found = tflite.outcomes(path, [["stove", form, 1, TEXTS] for form in (*FORMS, graph())])
    for one in found:
        assert np.array(one) == pytest.approx(plain(TEXTS), abs=1e-5)


MISFIT = "BundleError: item 'stove': the graph '{}' does not match the manifest"


def renamed(which, name):
    def change(model):
        getattr(model.signatureDefs[0], which)[0].name = name

    return change


def closed(model):
    """No number but one."""
    for one in model.subgraphs[0].tensors:
        one.shapeSignature = None


def unsigned(model):
    model.signatureDefs = []


def otherwise_signed(model):
    model.signatureDefs[0].signatureKey = "other"


def of_ints(model):
    """Counts in integers, made floats by a cast."""
    graph = model.subgraphs[0]
    counts = graph.inputs[0]
    made = schema.TensorT()
    made.name, made.type, made.buffer = "whole", schema.TensorType.INT32, 0
    made.shape, made.shapeSignature = [1, 60], [-1, 60]
    graph.tensors.append(made)
    code, cast = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CAST
    model.operatorCodes.append(code)
    cast.opcodeIndex = len(model.operatorCodes) - 1
    cast.inputs, cast.outputs = [len(graph.tensors) - 1], [counts]
    graph.operators.insert(0, cast)
    graph.inputs = [len(graph.tensors) - 1]
    model.signatureDefs[0].inputs[0].tensorIndex = graph.inputs[0]


def of_two(model):
    graph = model.subgraphs[0]
    for number in (*graph.inputs, *graph.outputs):
        graph.tensors[number].shape = [2, graph.tensors[number].shape[1]]


def two_outputs(model):
    graph = model.subgraphs[0]
    graph.outputs = [*graph.outputs, graph.operators[1].outputs[0]]


MISFITS = {
    "an input of another name": renamed("inputs", "ids"),
    "an output of another name": renamed("outputs", "logits"),
    "no signature": unsigned,
    "a signature of another name": otherwise_signed,
    "a batch of one alone": closed,
    "no floats": of_ints,
    "two outputs": two_outputs,
    "two responses to begin with": of_two,
}


@pytest.mark.parametrize("tflite", tflites.BOTH)
def test_graphs_that_do_not_fit(tflite, path):
    three = bundles_made.student(3).weights
    made = [
        *map(graph, MISFITS.values()),
        *(graph(data=make(three, "stove")) for make in (tflite_int8, tflite_fp32)),
    ]
    found = tflite.outcomes(path, [["stove", one, 1, TEXTS] for one in made])
    assert found == [MISFIT.format(one) for one in made]


@pytest.mark.parametrize("tflite", tflites.BOTH)
def test_graphs_of_another_vocabulary(tflite, path):
    sizes = "does not match the manifest: its tensors have other sizes"
    reasons = ((9, sizes), (5, "was exported for another vectorizer"))
    assert tflite.outcomes(
        path, [[f"runs of {gram}", form, 1, TEXTS] for gram in (9, 5) for form in FORMS]
    ) == [
        f"BundleError: item 'runs of {gram}': the graph '{form}' {told}"
        for gram, told in reasons
        for form in FORMS
    ]


def unknown(model):
    """A version of an operator that nobody has yet."""
    model.operatorCodes[1].version = 99


def short(model):
    """A table with less in it than its shape says."""
    model.buffers[1].data = model.buffers[1].data[:-16]


def without_data(model):
    """A weight that nobody gives, which is seen only when the graph runs."""
    next(one for one in model.subgraphs[0].tensors if one.name == b"head").buffer = 0


def uncomputed(model):
    """An output that no operator computes."""
    graph = model.subgraphs[0]
    made = schema.TensorT()
    made.name, made.buffer = "nobody's", 0
    made.shape, made.shapeSignature = [1, 4], [-1, 4]
    graph.tensors.append(made)
    graph.outputs = [len(graph.tensors) - 1]
    model.signatureDefs[0].outputs[0].tensorIndex = graph.outputs[0]


@pytest.mark.parametrize("tflite", tflites.BOTH)
def test_what_is_refused(tflite, path):
    whole = tflite_int8(WEIGHTS, "stove")
    rng = random.Random(2)
    broken = [
        *map(graph, (unknown, short, without_data, uncomputed)),
        *(graph(data=data) for data in (b"", b"noise" * 30, b"abcdTFL3" + bytes(range(256)))),
        *(graph(data=whole[: rng.randrange(len(whole))]) for _ in range(100)),
    ]
    found = tflite.outcomes(path, [["stove", one, 1, TEXTS] for one in broken])
    for form, told in zip(broken, found, strict=True):
        assert isinstance(told, str)
        assert told.startswith(f"BackendError: TFLite cannot load '{form}': ")
    assert tflite.outcomes(path, [["stove", "tflite-none", 1, []], ["rnn", FORMS[0], 1, []]]) == [
        "BackendError: item 'stove' has no form 'tflite-none' (the bundle has onnx-fp32, "
        "onnx-int8, plain-int8, tflite-fp32, tflite-int8)",
        "BackendError: the backend 'tflite' does not run small models of kind 'rnn': use onnx",
    ]


@pytest.mark.parametrize("tflite", tflites.BOTH)
def test_no_byte_ends_the_process(tflite, path):
    """Scores or an error, whatever stands in the file: its hash is only as good as its maker."""
    whole, rng = tflite_int8(WEIGHTS, "stove"), random.Random(6)
    made = []
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 1, 2, 5))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        made.append(graph(data=bytes(data)))
    found = tflite.outcomes(path, [["stove", one, 1, TEXTS] for one in made])
    errors = [one for one in found if isinstance(one, str)]
    assert 50 < len(errors) < 150
    allowed = ("BackendError: TFLite cannot load", "BundleError")
    assert all(error.startswith(allowed) for error in errors)
    assert {len(one) for one in found if not isinstance(one, str)} == {len(TEXTS)}
