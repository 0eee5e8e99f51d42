"""A bag as TFLite: the plain backend's numbers, in both interpreters that devices have."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

import bundles_made
import tflites
from kd_edge_export.quantize import dequantized, quantize
from kd_edge_export.tflite.bag import tflite_fp32, tflite_int8
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.students.bag import BagStudent

FORMS = {"tflite-int8": tflite_int8, "tflite-fp32": tflite_fp32}
SIZES = (1, 7, 64)
POOL = [word for sentence in bundles_made.SENTENCES for word in sentence.split()]


def responses(number):
    """Of words known and unknown; and an empty one, signs only, a long word, 10,000 words."""
    rng = random.Random(11)

    def word():
        return rng.choice(POOL) if rng.random() < 0.8 else "".join(rng.choices("abeé½漢 ", k=4))

    made = [" ".join(word() for _ in range(rng.randrange(60))) for _ in range(number)]
    return ["", "?!", *made, "a" * 5000, " ".join(rng.choices(POOL, k=10_000))]


def bag(classes, dimensions=bundles_made.DIMENSIONS, bits=8):
    """A bag and the item that holds it."""
    known = bundles_made.vocabulary()
    seed = 100 * classes + dimensions
    weights = quantize(bundles_made.arrays(known.size, classes, seed, dimensions), bits)
    item = bundles_made.item()
    parts = replace(
        item,
        item_id=f"{classes} classes, {dimensions} dimensions, {bits} bits",
        classes=tuple(map(str, range(classes))),
        values=tuple(range(classes)),
        text={**item.text, "dimensions": dimensions},
        forms={
            name: (f"{name}.tflite", make(weights, "", vectorizer()))
            for name, make in FORMS.items()
        },
    )
    return BagStudent(known, weights), parts


def vectorizer():
    return hashlib.sha256(bundles_made.vocabulary().to_bytes()).hexdigest()


@pytest.fixture(scope="module")
def bags(tmp_path_factory):
    """A bundle of many bags, and each of them."""
    made = [bag(classes) for classes in range(2, 11)]
    made += [bag(4, dimensions) for dimensions in (1, 3, 32)]
    made += [bag(3, 5, bits=4)]
    path = tmp_path_factory.mktemp("bags") / "bags.kdz"
    bundles_made.write(path, [parts for _, parts in made])
    return path, {parts.item_id: student for student, parts in made}


@pytest.mark.parametrize("tflite", tflites.BOTH)
def test_every_form_scores_as_plain_python_does(tflite, bags):
    path, students = bags
    texts = responses(200)
    pairs = [(name, form) for name in students for form in FORMS]
    # Each size with the first bag, and with the others in turn.
    asked = [[*pair, size, texts] for pair in pairs[:2] for size in SIZES]
    asked += [[*pair, size, texts] for pair, size in zip(pairs[2:], cycle(SIZES))]
    wanted = {name: PlainModel(one).probabilities(texts) for name, one in students.items()}
    for (name, *_), found in zip(asked, tflite.outcomes(path, asked), strict=True):
        assert np.array(found) == pytest.approx(np.array(wanted[name]), abs=1e-5)
        assert np.ptp(np.array(found), axis=0).max() > 0.3  # the responses do differ


def parsed(data):
    return schema.ModelT.InitFromPackedBuf(data)


def constants(data):
    """What a graph holds, by name."""
    model = parsed(data)
    types = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.INT8: np.int8}
    return {
        one.name.decode(): model.buffers[one.buffer].data.view(types[one.type]).reshape(one.shape)
        for one in model.subgraphs[0].tensors
        if model.buffers[one.buffer].data is not None
    }


def test_int8_holds_the_table_of_the_plain_form():
    weights = bundles_made.student().weights
    small = constants(tflite_int8(weights, "stove"))
    large = constants(tflite_fp32(weights, "stove"))
    assert small["table.int8"].T.tobytes() == weights.table
    assert (dequantized(weights).table == large["table"].T).all()
    for name in ("bias", "head", "head_bias"):
        assert (small[name] == getattr(dequantized(weights), name)).all()
        assert (small[name] == large[name]).all()
    (table,) = [
        one
        for one in parsed(tflite_int8(weights, "")).subgraphs[0].tensors
        if one.name == b"table.int8"
    ]
    assert table.quantization.quantizedDimension == 0
    assert [*table.quantization.scale] == [*weights.scale]
    assert [*table.quantization.zeroPoint] == [0] * weights.dimensions


def test_the_size_of_the_default_bag():
    weights = quantize(bundles_made.arrays(3500, 4, 1))
    small, large = len(tflite_int8(weights, "stove")), len(tflite_fp32(weights, "stove"))
    assert small < 3500 * 8 + 1800
    assert large < 4 * 3500 * 8 + 1800


@pytest.mark.parametrize("make", FORMS.values())
def test_the_graph_is_the_formats(make):
    model = parsed(make(bundles_made.student().weights, "stove"))
    (graph,) = model.subgraphs
    (signature,) = model.signatureDefs
    for (number,), mapped, name, width in (
        (graph.inputs, signature.inputs, b"counts", 60),
        (graph.outputs, signature.outputs, b"probabilities", 4),
    ):
        tensor = graph.tensors[number]
        assert tensor.name == name
        assert [(one.name, one.tensorIndex) for one in mapped] == [(name, number)]
        assert tensor.type == schema.TensorType.FLOAT32
        assert [*tensor.shape] == [1, width]
        assert [*tensor.shapeSignature] == [-1, width]
    assert signature.signatureKey == b"serving_default"


@pytest.mark.parametrize(
    ("make", "before"), [(tflite_fp32, []), (tflite_int8, [("DEQUANTIZE", 5)])]
)
def test_nothing_is_computed_in_integers(make, before):
    model = parsed(make(bundles_made.student().weights, "stove"))
    names = {number: name for name, number in vars(schema.BuiltinOperator).items()}
    (graph,) = model.subgraphs
    codes = [model.operatorCodes[one.opcodeIndex] for one in graph.operators]
    assert [(names[one.builtinCode], one.version) for one in codes] == [
        *before,
        ("FULLY_CONNECTED", 1),
        ("FULLY_CONNECTED", 1),
        ("SOFTMAX", 1),
    ]
    for one in graph.operators[len(before) :]:
        kinds = {graph.tensors[number].type for number in one.inputs}
        assert kinds == {schema.TensorType.FLOAT32}


@pytest.mark.parametrize("make", FORMS.values())
def test_the_same_bag_makes_the_same_bytes(make):
    weights = bundles_made.student().weights
    assert make(weights, "stove", vectorizer()) == make(weights, "stove", vectorizer())
    assert make(weights, "stove") != make(weights, "spoon")
    assert make(weights, "stove") != make(weights, "stove", vectorizer())
    assert make(weights, "stove") != make(bundles_made.student(seed=2).weights, "stove")
