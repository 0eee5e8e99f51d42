"""The frame of a TFLite file: read, or refused before an interpreter follows it anywhere."""

from __future__ import annotations

import random
import struct

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from kd_edge_export.tflite.bag import tflite_fp32, tflite_int8
from kd_edge_export.tflite.graph import TfliteGraph
from kd_edge_runtime.backends.tflite_file import metadata

WEIGHTS = bundles_made.student().weights
GRAPH = tflite_int8(WEIGHTS, "stove", "0f" * 32)


def changed(change, data=GRAPH):
    """The graph after a change of what is in it, by the schema's own names."""
    model = schema.ModelT.InitFromPackedBuf(data)
    change(model)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("make", [tflite_int8, tflite_fp32])
def test_the_metadata_of_a_graph(make):
    found = metadata(make(WEIGHTS, "Größe 水", "0f" * 32))
    assert found == {"kd-edge.item": "Größe 水", "kd-edge.vectorizer": "0f" * 32}
    assert metadata(make(WEIGHTS, "")) == {"kd-edge.item": ""}


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=300), max_size=5))
def test_any_metadata(given_ones):
    # A zero ends a name for readers in C.
    told = {name.replace("\0", ""): text for name, text in given_ones.items()}
    assert metadata(TfliteGraph().to_bytes([], [], told)) == told


def test_what_another_writer_leaves_out():
    def bare(model):
        model.metadata = model.signatureDefs = model.description = None
        model.subgraphs[0].name = None
        for one in model.subgraphs[0].tensors:
            one.name = one.shapeSignature = None

    assert metadata(changed(lambda _: None)) == metadata(GRAPH)
    assert metadata(changed(bare)) == {}


@pytest.mark.parametrize("data", [b"", b"TFL3", b"noise" * 30, b"\x00" * 4 + b"TFL2" + GRAPH[8:]])
def test_what_is_no_tflite_file(data):
    with pytest.raises(ValueError, match="not a TFLite file"):
        metadata(data)


@given(st.binary(max_size=4), st.binary(max_size=300))
def test_noise_behind_the_right_mark(root, noise):
    with pytest.raises(ValueError, match=r"not a TFLite file|the file is damaged"):
        metadata(root + b"TFL3" + noise)


def test_every_cut_is_seen():
    for end in range(len(GRAPH)):
        with pytest.raises(ValueError, match=r"not a TFLite file|the file is damaged"):
            metadata(GRAPH[:end])


def test_other_bytes_raise_no_other_error():
    rng = random.Random(4)
    refused = 0
    for _ in range(3000):
        data = bytearray(GRAPH)
        for _ in range(rng.choice((1, 1, 2, 8))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            metadata(bytes(data))
        except ValueError:
            refused += 1
    assert 500 < refused < 2500


def first(model):
    return model.subgraphs[0]


def set_to(name, value):
    return lambda one: setattr(one, name, value)


WRONG = {
    "an operator's code": lambda model: set_to("opcodeIndex", 3)(first(model).operators[0]),
    "an input": lambda model: set_to("inputs", [99])(first(model)),
    "an input below": lambda model: set_to("inputs", [-1])(first(model)),
    "an output": lambda model: set_to("outputs", [9])(first(model)),
    "an operator's input": lambda model: set_to("inputs", [9])(first(model).operators[1]),
    "an operator's input below": lambda model: set_to("inputs", [-2])(first(model).operators[1]),
    "an operator's output": lambda model: set_to("outputs", [-1])(first(model).operators[1]),
    "a tensor's buffer": lambda model: set_to("buffer", 7)(first(model).tensors[0]),
    "the metadata's buffer": lambda model: set_to("buffer", 7)(model.metadata[0]),
    "too few zero points": lambda model: set_to("zeroPoint", [0])(
        next(one for one in first(model).tensors if one.quantization).quantization
    ),
    "no buffers": set_to("buffers", None),
    "no graphs": set_to("subgraphs", None),
    "no codes": set_to("operatorCodes", None),
    "no tensors": lambda model: set_to("tensors", None)(first(model)),
}


def test_numbers_of_what_is_not_there():
    model = schema.ModelT.InitFromPackedBuf(GRAPH)
    # Those above are the first that are not there.
    assert len(model.operatorCodes) == 3
    assert len(first(model).tensors) == 9
    assert len(model.buffers) == 7
    for what, change in WRONG.items():
        with pytest.raises(ValueError, match="the file is damaged"):
            metadata(changed(change))
            pytest.fail(what)


def test_an_input_that_is_left_out():
    def without_bias(model):
        for one in first(model).operators[1:3]:
            one.inputs = [*one.inputs[:2], -1]

    assert metadata(changed(without_bias)) == metadata(GRAPH)


def test_metadata_without_bytes():
    def empty(model):
        model.metadata[0].buffer = 0

    assert metadata(changed(empty)) == {"kd-edge.item": "", "kd-edge.vectorizer": "0f" * 32}


def test_a_text_without_its_end():
    at = GRAPH.index(b"serving_default\0")
    with pytest.raises(ValueError, match="the file is damaged"):
        metadata(GRAPH[: at + 15] + b"x" + GRAPH[at + 16 :])


def test_a_name_that_is_no_text():
    with pytest.raises(ValueError, match="the file is damaged"):
        metadata(GRAPH.replace(b"serving_default", b"serving\xffdefault"))


def fields():
    """Where in the file each field is that leads to another place."""
    model = schema.Model.GetRootAs(GRAPH)
    graph, signature = model.Subgraphs(0), model.SignatureDefs(0)
    quantized = next(
        filter(None, (graph.Tensors(at).Quantization() for at in range(graph.TensorsLength())))
    )
    for table, numbers in (
        (model, (1, 2, 3, 4, 6, 7)),
        (graph, (0, 1, 2, 3, 4)),
        (graph.Tensors(0), (0, 3)),
        (graph.Tensors(graph.Inputs(0)), (7,)),
        (quantized, (2, 3)),
        (graph.Operators(1), (1, 2, 4)),
        (model.Buffers(1), (0,)),
        (model.Metadata(0), (0,)),
        (signature, (0, 1, 2)),
        (signature.Inputs(0), (0,)),
        (signature.Outputs(0), (0,)),
    ):
        for number in numbers:
            offset = table._tab.Offset(4 + 2 * number)
            assert offset, (table, number)
            yield table._tab.Pos + offset


@pytest.mark.parametrize("far", [2**31, len(GRAPH), 2**32 - 1])
def test_a_place_behind_the_file(far):
    for at in fields():
        data = bytearray(GRAPH)
        struct.pack_into("<I", data, at, far)
        with pytest.raises(ValueError, match="the file is damaged"):
            metadata(bytes(data))


def test_a_place_before_the_file():
    """Even where, counted from the end, there is what was looked for."""
    (root,) = struct.unpack_from("<I", GRAPH)
    (back,) = struct.unpack_from("<i", GRAPH, root)
    layout = GRAPH[root - back : root]
    data = bytearray(GRAPH + layout)
    struct.pack_into("<i", data, root, root + len(layout))
    with pytest.raises(ValueError, match="the file is damaged"):
        metadata(bytes(data))
