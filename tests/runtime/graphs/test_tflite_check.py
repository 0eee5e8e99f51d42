"""TFLite graphs that are a bag's pass; each kind of attack is refused by name."""

from __future__ import annotations

import struct
from time import process_time

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st

import bundles_made
from kd_edge_export.tflite.bag import tflite_fp32, tflite_int8
from kd_edge_runtime.graphs.limits import Described, GraphError
from kd_edge_runtime.graphs.tflite_check import check_tflite

WEIGHTS = bundles_made.student().weights
CLASSES, NGRAMS = len(WEIGHTS.head), len(WEIGHTS.table) // WEIGHTS.dimensions
BAG = Described("bag", CLASSES, NGRAMS, WEIGHTS.dimensions)
INT8, FP32 = tflite_int8(WEIGHTS, "stove"), tflite_fp32(WEIGHTS, "stove")


def changed(change, data=INT8):
    model = schema.ModelT.InitFromPackedBuf(data)
    change(model, model.subgraphs[0])
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def refused(data, why, described=BAG):
    began = process_time()
    with pytest.raises(GraphError, match=why):
        check_tflite(data, described)
    assert process_time() - began < 5


@pytest.mark.parametrize("data", [INT8, FP32])
def test_what_is_written_passes(data):
    check_tflite(data, BAG)
    check_tflite(changed(lambda *_: None, data), BAG)  # as another library writes the same


@pytest.mark.parametrize(
    "described",
    [
        Described("bag", CLASSES + 1, NGRAMS, WEIGHTS.dimensions),
        Described("bag", CLASSES, NGRAMS - 1, WEIGHTS.dimensions),
        Described("bag", CLASSES, NGRAMS, WEIGHTS.dimensions + 1),
    ],
)
def test_another_bags_graph(described):
    for data in (INT8, FP32):
        refused(data, "does not match the manifest", described)


def test_a_student_that_is_no_bag():
    refused(INT8, "which only bags have", Described("rnn", CLASSES))


def custom(model, _):
    model.operatorCodes[0].customCode = "Evil"


def another(model, _):
    model.operatorCodes[0].builtinCode = model.operatorCodes[0].deprecatedBuiltinCode = 32


def twice(model, graph):
    model.subgraphs.append(graph)


def reading(operator, at, tensor):
    """Lets an operator read another tensor; the schema's own lists cannot be changed."""
    inputs = [*operator.inputs]
    inputs[at] = tensor
    operator.inputs = inputs


def out_of_range(_, graph):
    reading(graph.operators[1], 1, 1000)


def below(_, graph):
    reading(graph.operators[1], 2, -1)


def longer_buffer(model, graph):
    buffer = model.buffers[graph.tensors[graph.operators[0].inputs[0]].buffer]
    buffer.data = [*buffer.data, 0, 0, 0, 0]


def shorter_buffer(model, graph):
    buffer = model.buffers[graph.tensors[graph.operators[0].inputs[0]].buffer]
    buffer.data = [*buffer.data][:-4]


def elsewhere(model, _):
    model.buffers[1].offset, model.buffers[1].size = 1 << 20, 1 << 20


def sparse(_, graph):
    graph.tensors[0].sparsity = schema.SparsityParametersT()


def variable(_, graph):
    graph.tensors[0].isVariable = True


def larger_shape(_, graph):
    table = graph.tensors[graph.operators[1].inputs[1]]
    table.shape = [1 << 30, *table.shape[1:]]


def no_size(_, graph):
    table = graph.tensors[graph.operators[1].inputs[1]]
    table.shape = [0, *table.shape[1:]]


def fewer_scales(_, graph):
    scales = graph.tensors[graph.operators[0].inputs[0]].quantization
    scales.scale = [*scales.scale][:1]
    scales.zeroPoint = [0]


def aliased(_, graph):
    graph.operators[1].outputs = graph.operators[2].outputs


def in_a_circle(_, graph):
    reading(graph.operators[1], 0, graph.operators[2].outputs[0])


def without_softmax(_, graph):
    graph.operators.pop()


def another_activation(_, graph):
    graph.operators[1].builtinOptions.fusedActivationFunction = 3


def other_options(_, graph):
    graph.operators[1].builtinOptionsType = schema.BuiltinOptions.SoftmaxOptions
    graph.operators[1].builtinOptions = schema.SoftmaxOptionsT()


def flatter(_, graph):
    graph.operators[-1].builtinOptions.beta = float("nan")


def unnamed(model, _):
    model.signatureDefs = []


def misnamed(model, _):
    model.signatureDefs[0].outputs[0].tensorIndex = 1


ATTACKS = {
    custom: "a part",
    another: "an operator .number 32. that no bag has",
    twice: "has subgraphs",
    out_of_range: "names a part that is not there",
    below: "names a part that is not there",
    longer_buffer: "other bytes than its shape takes",
    shorter_buffer: "other bytes than its shape takes",
    elsewhere: "a part .field 1. that no student's graph has",
    sparse: "a part .field 6. that no student's graph has",
    variable: "a part .field 5. that no student's graph has",
    larger_shape: "other sizes",
    no_size: "other bytes than its shape takes",
    fewer_scales: "other sizes",
    aliased: "the tensors of a bag",
    in_a_circle: "the tensors of a bag",
    without_softmax: "the operators of a bag",
    another_activation: "the operators of a bag",
    other_options: "options of another",
    flatter: "a softmax that is not a bag's",
    unnamed: "it has no signature",
    misnamed: "names other tensors",
}


@pytest.mark.parametrize("change", ATTACKS)
def test_attacks(change):
    refused(changed(change), ATTACKS[change])


def test_tables_that_are_shared_and_never_end():
    """A list of thirty offsets to one table, which has a list of thirty to one table, and so on."""
    builder = flatbuffers.Builder()
    graph = None
    for _ in range(2):  # operators' codes and graphs: lists within lists are all that is needed
        builder.StartObject(5)
        if graph is not None:
            builder.PrependUOffsetTRelativeSlot(0, graph, 0)
        table = builder.EndObject()
        builder.StartVector(4, 30_000, 4)
        for _ in range(30_000):
            builder.PrependUOffsetTRelative(table)
        graph = builder.EndVector()
    builder.StartObject(8)
    builder.PrependUint32Slot(0, 3, 0)
    builder.PrependUOffsetTRelativeSlot(2, graph, 0)
    builder.Finish(builder.EndObject(), b"TFL3")
    refused(bytes(builder.Output()), "lacks the empty buffer|longer than any student's")


@pytest.mark.parametrize(
    "data", [b"", b"TFL3", b"\0\0\0\0TFL3", b"\xff\xff\xff\xffTFL3" * 9], ids=range(4)
)
def test_what_is_no_graph(data):
    refused(data, "is (no TFLite file|cut or damaged)")


def test_an_offset_that_points_at_itself():
    data = bytearray(INT8)
    for at in range(8, len(data) - 4, 4):
        looped = bytes(data[:at]) + struct.pack("<I", 0) + bytes(data[at + 4 :])
        try:
            check_tflite(looped, BAG)
        except GraphError:
            continue


@given(st.data())
@settings(max_examples=300)
def test_damaged_graphs_are_read_or_refused(drawn):
    damaged = bytearray(drawn.draw(st.sampled_from((INT8, FP32))))
    for _ in range(drawn.draw(st.integers(1, 4))):
        at = drawn.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = drawn.draw(st.integers(0, 255))
    began = process_time()
    try:
        check_tflite(bytes(damaged), BAG)
    except GraphError as error:
        assert str(error)
    assert process_time() - began < 5
