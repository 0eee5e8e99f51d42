"""Reads the structure of an ONNX file, and refuses what no student's graph has.

No subgraphs, functions, sparse tensors or data in other files; each tensor has exactly the bytes
that its shape takes.
"""

from __future__ import annotations

import struct
from math import prod

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.graphs.limits import (
    MAX_CONSTANTS,
    MAX_NODES,
    MAX_PARTS,
    MAX_RANK,
    MAX_TENSOR,
    GraphError,
)
from kd_edge_runtime.graphs.wire import BYTES, FIXED32, VARINT, Message

if TYPE_CHECKING:
    from typing import Union

    Attribute = Union[int, float, str, "tuple[int, ...]", "Constant"]

FLOAT, UINT8, INT8, INT32, INT64, BOOL, FLOAT16 = 1, 2, 3, 6, 7, 9, 10
_BYTES = {FLOAT: 4, UINT8: 1, INT8: 1, INT32: 4, INT64: 8, BOOL: 1, FLOAT16: 2}

# Whole numbers are followed through a graph as long as there are at most so many.
_FOLLOWED = 64
_FOLLOWED_KINDS = {INT32: "i", INT64: "q", BOOL: "B"}

_VERSIONS = range(7, 13)
_OPERATOR_SETS = {"": range(13, 23), "ai.onnx": range(13, 23), "com.microsoft": range(1, 2)}


class Constant(NamedTuple):
    """A tensor that a graph holds.

    Attributes:
        kind: the type of its numbers.
        shape: its sizes.
        ints: its numbers if they are few whole ones; None for others.
    """

    kind: int
    shape: tuple[int, ...]
    ints: tuple[int, ...] | None = None


class Node(NamedTuple):
    """A node: an operator with the names of what it reads and writes."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute]


class Info(NamedTuple):
    """An input or output: the type of its numbers, its sizes, 0 for one that varies."""

    kind: int
    shape: tuple[int, ...]


class Model(NamedTuple):
    """A graph.

    Attributes:
        nodes: in the order in which they run.
        constants: by name.
        inputs: by name.
        outputs: by name.
    """

    nodes: tuple[Node, ...]
    constants: dict[str, Constant]
    inputs: dict[str, Info]
    outputs: dict[str, Info]


def read_model(data: bytes) -> Model:
    """The graph of an ONNX file.

    Raises:
        GraphError: it is damaged, or has parts that no student's graph has.
    """
    model = Message(
        memoryview(data),
        "a model",
        {1: VARINT, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT, 6: BYTES, 7: BYTES},
        (8, 14),
    )
    if model.number(1) not in _VERSIONS:
        raise GraphError(f"has version {model.number(1)} of ONNX's files, which is not known")
    for number in (2, 3, 4):
        model.text(number)
    for part in model.parts(8):
        operators = Message(part, "an operator set", {1: BYTES, 2: VARINT})
        name, version = operators.text(1), operators.number(2)
        if version not in _OPERATOR_SETS.get(name, ()):
            raise GraphError(f"uses the operators '{name}' {version}, which no student does")
    for part in model.parts(14):
        entry = Message(part, "a note", {1: BYTES, 2: BYTES})
        entry.text(1), entry.text(2)
    return _graph(model.part(7))


def _graph(data: memoryview) -> Model:
    graph = Message(data, "a graph", {2: BYTES, 10: BYTES}, (1, 5, 11, 12), MAX_NODES)
    graph.text(2)
    tensors = graph.parts(5)
    if len(tensors) > MAX_CONSTANTS:
        raise GraphError(f"has more than {MAX_CONSTANTS} constants")
    constants: dict[str, Constant] = {}
    for tensor in tensors:
        name, constant = _constant(tensor)
        if name in constants:
            raise GraphError("has two constants of one name")
        constants[name] = constant
    return Model(
        tuple(map(_node, graph.parts(1))),
        constants,
        dict(map(_info, graph.parts(11))),
        dict(map(_info, graph.parts(12))),
    )


def _constant(data: memoryview) -> tuple[str, Constant]:
    tensor = Message(data, "a constant", {2: VARINT, 8: BYTES, 9: BYTES, 12: BYTES}, (1,))
    kind, shape, raw = tensor.number(2), tuple(tensor.numbers(1, MAX_RANK)), tensor.part(9)
    if kind not in _BYTES or any(size < 0 for size in shape):
        raise GraphError("has a constant of a type that no student's graph has")
    count = prod(shape)
    if count > MAX_TENSOR or len(raw) != count * _BYTES[kind]:
        raise GraphError("has a constant with other bytes than its shape takes")
    ints = None
    if count <= _FOLLOWED and kind in _FOLLOWED_KINDS:
        ints = struct.unpack(f"<{count}{_FOLLOWED_KINDS[kind]}", raw)
    return tensor.text(8), Constant(kind, shape, ints)


def _node(data: memoryview) -> Node:
    node = Message(data, "a node", {3: BYTES, 4: BYTES, 6: BYTES, 7: BYTES}, (1, 2, 5), MAX_PARTS)
    node.text(3)
    domain, operator = node.text(7), node.text(4)
    return Node(
        f"{domain}.{operator}" if domain not in ("", "ai.onnx") else operator,
        tuple(node.texts(1)),
        tuple(node.texts(2)),
        dict(map(_attribute, node.parts(5))),
    )


def _attribute(data: memoryview) -> tuple[str, Attribute]:
    raw = Message(
        data,
        "an attribute",
        {1: BYTES, 2: FIXED32, 3: VARINT, 4: BYTES, 5: BYTES, 13: BYTES, 20: VARINT},
        (8,),
    )
    kind, name = raw.number(20), raw.text(1)
    if kind == 1:
        return name, float(struct.unpack("<f", raw.part(2) or bytes(4))[0])
    if kind == 2:
        return name, raw.number(3)
    if kind == 3:
        return name, raw.text(4)
    if kind == 4:
        return name, _constant(raw.part(5))[1]
    if kind == 7:
        return name, tuple(raw.numbers(8, MAX_PARTS))
    raise GraphError("has an attribute of a kind that no student's graph has, such as a subgraph")


def _info(data: memoryview) -> tuple[str, Info]:
    value = Message(data, "an input or output", {1: BYTES, 2: BYTES, 3: BYTES})
    held = Message(value.part(2), "a type", {1: BYTES, 6: BYTES})
    tensor = Message(held.part(1), "a type", {1: VARINT, 2: BYTES})
    sizes = []
    for part in Message(tensor.part(2), "a shape", {}, (1,)).parts(1):
        size = Message(part, "a size", {1: VARINT, 2: BYTES, 3: BYTES})
        sizes.append(size.number(1) if size.has(1) else 0)
    return value.text(1), Info(tensor.number(1), tuple(sizes))
