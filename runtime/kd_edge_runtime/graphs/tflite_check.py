"""Whether a TFLite graph is one of a bag: the same few operators and tensors, of its sizes.

Interpreters follow offsets and indices in a file without a check, so nothing is left to them: each
table has the fields that the workshop writes and no other.
"""

from __future__ import annotations

from math import prod

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.graphs.flatbuffer import FlatBuffer
from kd_edge_runtime.graphs.limits import Described, GraphError

if TYPE_CHECKING:
    from kd_edge_runtime.graphs.flatbuffer import Places

_MODEL = ("version", "codes", "graphs", "made_by", "buffers", "", "metadata", "signatures")
_CODE = ("old", "", "version", "code")
_GRAPH = ("tensors", "inputs", "outputs", "operators", "name")
_TENSOR = ("shape", "type", "buffer", "name", "scales", "", "", "signature")
_SCALES = ("", "", "scale", "zero")
_OPERATOR = ("code", "inputs", "outputs", "kind", "options")
_BUFFER = ("data",)
_NAMED = ("name", "at")
_SIGNATURE = ("inputs", "outputs", "key")

_FLOAT, _INT8 = 0, 9
_DEQUANTIZE, _CONNECTED, _SOFTMAX = 6, 9, 25
# The options of an operator: their number in the schema's union, and their fields.
_OPTIONS = {_DEQUANTIZE: (38, ()), _CONNECTED: (8, ("activation",)), _SOFTMAX: (9, ("beta",))}
_NONE, _RELU = 0, 1
_BETA_1 = 0x3F800000  # 1.0 as a float's bits

_MOST_PARTS, _MOST_SIZES = 32, 8
_VERSION = 3


class _Tensor(NamedTuple):
    """A tensor: the type of its numbers, sizes, variable sizes, bytes, and how many scales."""

    kind: int
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    held: int
    scales: int


class _Operator(NamedTuple):
    """An operator: its code, the tensors it reads and writes, and its activation."""

    code: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    activation: int


def check_tflite(data: bytes, described: Described) -> None:
    """Refuses a TFLite file that is not a graph of a bag as described.

    Args:
        data: the file.
        described: what the manifest says of it.

    Raises:
        GraphError: what is wrong.
    """
    if described.student != "bag":
        raise GraphError("is TFLite, which only bags have")
    if data[4:8] != b"TFL3":
        raise GraphError("is no TFLite file")
    file = FlatBuffer(data)
    model = file.root(_MODEL)
    if file.number(model, "version", "I") != _VERSION:
        raise GraphError("has a version of TFLite's files that is not known")
    file.text(model, "made_by")
    sizes = [_size(file, one) for one in file.tables(model, "buffers", _BUFFER, _MOST_PARTS)]
    if not sizes or sizes[0]:
        raise GraphError("lacks the empty buffer that every graph has")
    codes = [_code(file, one) for one in file.tables(model, "codes", _CODE, _MOST_PARTS)]
    graphs = file.tables(model, "graphs", _GRAPH, _MOST_PARTS)
    if len(graphs) != 1:
        raise GraphError("has subgraphs")
    graph = graphs[0]
    file.text(graph, "name")
    tensors = [
        _tensor(file, one, sizes) for one in file.tables(graph, "tensors", _TENSOR, _MOST_PARTS)
    ]
    operators = [
        _operator(file, one, codes, len(tensors))
        for one in file.tables(graph, "operators", _OPERATOR, _MOST_PARTS)
    ]
    ends = [
        _indices(file.numbers(graph, name, "i", _MOST_PARTS), len(tensors))
        for name in ("inputs", "outputs")
    ]
    _check_notes(file, model, ends, len(sizes))
    _check_network(described, tensors, operators, ends)


def _size(file: FlatBuffer, buffer: Places) -> int:
    return file.block(buffer, "data")[1]


def _code(file: FlatBuffer, code: Places) -> int:
    number = max(file.number(code, "old", "b"), file.number(code, "code", "i"))
    if number not in _OPTIONS or not 1 <= file.number(code, "version", "i", 1) <= 12:
        raise GraphError(f"has an operator (number {number}) that no bag has")
    return number


def _tensor(file: FlatBuffer, tensor: Places, sizes: list[int]) -> _Tensor:
    file.text(tensor, "name")
    shape, signature = (
        file.numbers(tensor, name, "i", _MOST_SIZES) for name in ("shape", "signature")
    )
    kind = file.number(tensor, "type", "b")
    buffer = _indices((file.number(tensor, "buffer", "I"),), len(sizes))[0]
    scales = 0
    if "scales" in tensor:
        table = file.table(tensor["scales"], _SCALES)
        scales = len(file.numbers(table, "scale", "f", 1 << 16))
        zeros = file.numbers(table, "zero", "q", 1 << 16)
        if any(zeros) or len(zeros) != scales:
            raise GraphError("has scales that are not a bag's")
    width = {_FLOAT: 4, _INT8: 1}.get(kind, 0)
    if not width or min(shape, default=0) < 1 or sizes[buffer] not in (0, width * prod(shape)):
        raise GraphError("has a tensor with other bytes than its shape takes")
    return _Tensor(kind, shape, signature, sizes[buffer], scales)


def _operator(file: FlatBuffer, operator: Places, codes: list[int], tensors: int) -> _Operator:
    at = _indices((file.number(operator, "code", "I"),), len(codes))[0]
    code = codes[at]
    union, fields = _OPTIONS[code]
    if file.number(operator, "kind", "B") != union:
        raise GraphError("has an operator with the options of another")
    options = file.table(operator["options"], fields) if "options" in operator else {}
    if code == _SOFTMAX and file.number(options, "beta", "I") != _BETA_1:
        raise GraphError("has a softmax that is not a bag's")
    inputs, outputs = (
        _indices(file.numbers(operator, name, "i", _MOST_SIZES), tensors)
        for name in ("inputs", "outputs")
    )
    return _Operator(code, inputs, outputs, file.number(options, "activation", "b"))


def _indices(numbers: tuple[int, ...], count: int) -> tuple[int, ...]:
    if any(not 0 <= number < count for number in numbers):
        raise GraphError("names a part that is not there")
    return numbers


def _check_notes(
    file: FlatBuffer, model: Places, ends: list[tuple[int, ...]], buffers: int
) -> None:
    """Refuses notes and signatures that name what is not there."""
    for note in file.tables(model, "metadata", _NAMED, _MOST_PARTS):
        file.text(note, "name")
        _indices((file.number(note, "at", "I"),), buffers)
    signatures = file.tables(model, "signatures", _SIGNATURE, 1)
    if len(signatures) != 1:
        raise GraphError("does not match the manifest: it has no signature")
    file.text(signatures[0], "key")
    for name, numbers in zip(("inputs", "outputs"), ends):
        named = file.tables(signatures[0], name, _NAMED, _MOST_PARTS)
        if tuple(file.number(one, "at", "I") for one in named) != numbers:
            raise GraphError("does not match the manifest: its signature names other tensors")
        for one in named:
            file.text(one, "name")


def _check_network(
    described: Described,
    tensors: list[_Tensor],
    operators: list[_Operator],
    ends: list[tuple[int, ...]],
) -> None:
    """Refuses what is not counts times a table, plus a bias, by a head, softmax."""
    expanded = [_DEQUANTIZE] if operators and operators[0].code == _DEQUANTIZE else []
    if [one.code for one in operators] != [*expanded, _CONNECTED, _CONNECTED, _SOFTMAX] or any(
        len(one) != 1 for one in ends
    ):
        raise GraphError("does not have the operators of a bag")
    first, last, softmax = operators[-3:]
    if not (
        [len(one.inputs) for one in operators[-3:]] == [3, 3, 1]
        and all(len(one.outputs) == 1 for one in operators)
        and [first.activation, last.activation] == [_RELU, _NONE]
    ):
        raise GraphError("does not have the operators of a bag")
    (counts,), (shares,) = ends
    classes, ngrams, dimensions = described[1:]
    table = first.inputs[1]
    flow = {
        counts: _computed(ngrams),
        first.inputs[2]: _held(dimensions),
        first.outputs[0]: _computed(dimensions),
        last.inputs[1]: _held(classes, dimensions),
        last.inputs[2]: _held(classes),
        last.outputs[0]: _computed(classes),
        shares: _computed(classes),
        table: _held(dimensions, ngrams),
    }
    if expanded:
        whole = operators[0].inputs
        if len(whole) != 1 or operators[0].outputs != (table,):
            raise GraphError("does not have the operators of a bag")
        flow[table] = _Tensor(_FLOAT, (dimensions, ngrams), (), 0, 0)
        flow[whole[0]] = _Tensor(_INT8, (dimensions, ngrams), (), dimensions * ngrams, dimensions)
    wired = (
        first.inputs[0] == counts
        and last.inputs[0] == first.outputs[0]
        and softmax.inputs[0] == last.outputs[0]
        and softmax.outputs[0] == shares
    )
    # Each of them is a tensor of its own: one that two operators write would be overwritten.
    if not wired or len(flow) != len(tensors) or len(flow) != (9 if expanded else 8):
        raise GraphError("does not have the tensors of a bag")
    if any(tensors[number] != tensor for number, tensor in flow.items()):
        raise GraphError("does not match the manifest: its tensors have other sizes")


def _computed(width: int) -> _Tensor:
    """A tensor of rows that is fed or computed."""
    return _Tensor(_FLOAT, (1, width), (-1, width), 0, 0)


def _held(*shape: int) -> _Tensor:
    """A constant of floats."""
    return _Tensor(_FLOAT, shape, (), 4 * prod(shape), 0)
