"""Stores the large weights of any ONNX graph in fewer bits; the graph still computes in floats.

A weight is replaced by integers (or half-precision floats) and by nodes that restore it under its
old name, a `Cast` and a `Mul` by its scales. Their inputs are constants, so that ONNX Runtime runs
them once, when it loads the graph: what runs is the float graph, and only the rounding of the
weights differs. (`DequantizeLinear` would do the same in every run.)

A table from which rows are gathered is an exception: rows are gathered first and then converted
to floats, so that a large vocabulary stays small in memory too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

_Floats = npt.NDArray[np.float32]

LEAST = 1024
"""Weights of fewer numbers are not changed, and neither are vectors: they take little space."""

# The axes along which each index has its own scale: rows of a table, outputs of a layer.
_BY_ROW = (0,)
_BY_COLUMN = (-1,)
_BY_GATE = (0, 1)  # of a recurrent layer: its directions, and the outputs of all gates


@dataclass(frozen=True, eq=False)
class _Small:
    """A weight in fewer bits: `values`, times `scale` if there is one."""

    values: npt.NDArray[np.int8] | npt.NDArray[np.float16]
    scale: _Floats | None = None


def int8_weights(model: bytes) -> bytes:
    """The graph with its large weights as signed bytes, -127 to 127.

    Each row of a table, each output of a layer and of a gate has its own scale, its largest
    absolute value divided by 127: no number is off by more than half a scale.

    Args:
        model: a graph of operator set 13 or later.
    """
    return _rewrite(model, _int8)


def fp16_weights(model: bytes) -> bytes:
    """The graph with its large weights as half-precision floats.

    No number is off by more than a 2048th of itself (or, below 6e-5, by more than 3e-8).

    Args:
        model: a graph of operator set 13 or later.
    """
    return _rewrite(model, _fp16)


def by_scales(weight: _Floats, scale: _Floats) -> npt.NDArray[np.int8]:
    """A weight divided by its scales, rounded to integers from -127 to 127."""
    rounded: npt.NDArray[np.int8] = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
    return rounded


def usable(scale: _Floats) -> _Floats:
    """Scales with those near zero, by which one cannot divide, replaced by 1."""
    return np.where(scale < np.finfo(np.float32).tiny, 1, scale).astype(np.float32)


def _int8(weight: _Floats, own: tuple[int, ...]) -> _Small:
    shared = tuple(set(range(weight.ndim)) - {axis % weight.ndim for axis in own})
    scale = usable(np.abs(weight).max(axis=shared, keepdims=True) / 127)
    return _Small(by_scales(weight, scale), scale)


def _fp16(weight: _Floats, _: tuple[int, ...]) -> _Small:
    return _Small(weight.astype(np.float16))


def _rewrite(data: bytes, shrink: Callable[[_Floats, tuple[int, ...]], _Small]) -> bytes:
    model = onnx.load_from_string(data)
    graph = model.graph
    large = [tensor for tensor in graph.initializer if _is_large(tensor)]
    for tensor in large:
        users = [node for node in graph.node if tensor.name in node.input]
        small = shrink(numpy_helper.to_array(tensor), _own_scales(users))
        graph.initializer.remove(tensor)
        parts: dict[str, npt.NDArray[Any]] = {f"{tensor.name}.small": small.values}
        if small.scale is not None:
            parts[f"{tensor.name}.scale"] = small.scale
        graph.initializer.extend(
            numpy_helper.from_array(array, name) for name, array in parts.items()
        )
        if users and all(_gathers_rows(user, tensor.name) for user in users):
            for user in users:
                _replace(graph, user, _gathered(list(parts), user))
        else:
            _insert(graph, 0, _restored(list(parts), tensor.name))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _is_large(tensor: onnx.TensorProto) -> bool:
    return (
        tensor.data_type == TensorProto.FLOAT
        and len(tensor.dims) > 1
        and np.prod(tensor.dims) >= LEAST
    )


def _own_scales(users: Sequence[onnx.NodeProto]) -> tuple[int, ...]:
    """The axes with their own scales: any choice is correct, this one is the most precise."""
    user = users[0] if users else onnx.NodeProto()
    if user.op_type in ("GRU", "LSTM", "RNN"):
        return _BY_GATE
    if user.op_type == "MatMul" or (user.op_type == "Gemm" and not attribute(user, "transB")):
        return _BY_COLUMN
    return _BY_ROW


def attribute(node: onnx.NodeProto, name: str) -> int:
    """A node's integer attribute, 0 if it has none of that name."""
    return next((each.i for each in node.attribute if each.name == name), 0)


def _gathers_rows(node: onnx.NodeProto, table: str) -> bool:
    return node.op_type == "Gather" and node.input[0] == table and not attribute(node, "axis")


def _restored(parts: Sequence[str], name: str) -> list[onnx.NodeProto]:
    """Nodes that compute floats called `name` from values and, if there are any, scales."""
    values, *scale = parts
    if not scale:
        return [helper.make_node("Cast", [values], [name], to=TensorProto.FLOAT)]
    return [
        helper.make_node("Cast", [values], [f"{name}.whole"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}.whole", *scale], [name]),
    ]


def _gathered(parts: Sequence[str], gather: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Nodes that gather rows of all parts and convert only these to floats."""
    (output,) = gather.output
    rows = [f"{output}.{part.rpartition('.')[2]}" for part in parts]
    return [
        *(
            helper.make_node("Gather", [part, gather.input[1]], [row])
            for part, row in zip(parts, rows, strict=True)
        ),
        *_restored(rows, output),
    ]


def _insert(graph: onnx.GraphProto, at: int, nodes: Sequence[onnx.NodeProto]) -> None:
    for place, node in enumerate(nodes, at):
        graph.node.insert(place, node)


def _replace(graph: onnx.GraphProto, old: onnx.NodeProto, nodes: Sequence[onnx.NodeProto]) -> None:
    at = list(graph.node).index(old)
    del graph.node[at]
    _insert(graph, at, nodes)
