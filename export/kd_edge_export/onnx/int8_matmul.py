"""The large matrix products of an ONNX graph in 8-bit arithmetic, each row with its own scale.

A row is one token of one response. Its values become integers q from 0 (its lowest) to 255 (its
highest), x = low + step q, and the weight becomes integers v with a scale for each column, so
that x w = step scale (q v) + low sum(scale v), where only q v is a matrix product.

ONNX Runtime's own dynamic quantization has one scale for a whole batch: a response's score then
depends on the others in the batch, and one large number makes all others coarse. With a scale
for each row, the probabilities of a fine-tuned MiniLM are two to five times closer to PyTorch's,
and products are still 1.7 times as fast as in floats.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from kd_edge_export.onnx.weights import by_scales, usable

LEAST = 1 << 16
"""Products with smaller weights stay in floats: scaling the rows would cost more than it saves."""

_STEPS = 255
# x86-64 processors without VNNI add products of 8-bit numbers in pairs and saturate at 16 bits:
# 255 * (127 + 1) fits, where the 1 is what rounding may add.
PAIR = 127
"""The largest absolute sum of two integers of a weight that are added first."""

_OLDEST_OPSET = 18  # the first in which ReduceMax takes its axes as an input
_CONSTANTS: dict[str, npt.NDArray[Any]] = {
    "int8.last": np.array([-1], dtype=np.int64),
    "int8.steps": np.array(_STEPS, dtype=np.float32),
    "int8.one": np.array(1, dtype=np.float32),
    "int8.nought": np.array(0, dtype=np.uint8),
    "int8.narrowest": np.array(1e-12, dtype=np.float32),
}


def int8_products(model: bytes) -> bytes:
    """The graph with its products by large constant weights in 8 bits; the rest stays in floats.

    Args:
        model: a graph of operator set 18 or later; an older one is returned unchanged.
    """
    parsed = onnx.load_from_string(model)
    graph = parsed.graph
    weights = {tensor.name: tensor for tensor in graph.initializer if is_large(tensor)}
    products = [node for node in graph.node if _multiplies_by(node, weights)]
    if not products or parsed.opset_import[0].version < _OLDEST_OPSET:
        return model
    nodes: list[onnx.NodeProto] = []
    constants = dict(_CONSTANTS)
    quantized: set[str] = set()
    for node in graph.node:
        if not _multiplies_by(node, weights):
            nodes.append(node)
            continue
        rows, weight = node.input
        if rows not in quantized:  # several layers may read the same rows
            quantized.add(rows)
            nodes += _quantize_rows(rows)
        constants |= _whole_weight(weight, numpy_helper.to_array(weights[weight]))
        nodes += _product(rows, weight, node.output[0])
    _replace_nodes(graph, nodes, constants, weights)
    onnx.checker.check_model(parsed)
    return bytes(parsed.SerializeToString())


def is_large(tensor: onnx.TensorProto) -> bool:
    """Whether a constant is a weight whose products pay in 8 bits."""
    return (
        tensor.data_type == TensorProto.FLOAT
        and len(tensor.dims) == 2
        and np.prod(tensor.dims) >= LEAST
    )


def _multiplies_by(node: onnx.NodeProto, weights: Mapping[str, onnx.TensorProto]) -> bool:
    return node.op_type == "MatMul" and node.input[1] in weights


def _quantize_rows(rows: str) -> list[onnx.NodeProto]:
    """Nodes that make `rows.q` [..., D], `rows.low` and `rows.step` [..., 1] of rows [..., D]."""

    def node(operator: str, inputs: list[str], output: str, **attributes: Any) -> onnx.NodeProto:
        return helper.make_node(operator, inputs, [f"{rows}.{output}"], **attributes)

    return [
        node("ReduceMin", [rows, "int8.last"], "low", keepdims=1),
        node("ReduceMax", [rows, "int8.last"], "high", keepdims=1),
        node("Sub", [f"{rows}.high", f"{rows}.low"], "span"),
        # Above zero, so that a row of equal numbers can be divided by it.
        node("Max", [f"{rows}.span", "int8.narrowest"], "width"),
        node("Div", [f"{rows}.width", "int8.steps"], "step"),
        node("Div", ["int8.steps", f"{rows}.width"], "per"),
        node("Sub", [rows, f"{rows}.low"], "above"),
        node("Mul", [f"{rows}.above", f"{rows}.per"], "steps"),
        node("QuantizeLinear", [f"{rows}.steps", "int8.one", "int8.nought"], "q"),
    ]


def _whole_weight(name: str, weight: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[Any]]:
    """A weight [D, E] as integers, the columns' scales [E] and their scaled sums [E]."""
    scale = usable((largest_pair(weight) / PAIR).astype(np.float32))
    whole = by_scales(weight, scale)
    return {
        f"{name}.whole": whole,
        f"{name}.scale": scale,
        f"{name}.sums": (whole.sum(0, dtype=np.int64) * scale).astype(np.float32),
    }


def largest_pair(weight: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The largest absolute sum of two numbers that a processor adds first; [E]."""
    even = np.pad(weight, ((0, len(weight) % 2), (0, 0)))
    pairs = even.reshape(-1, 2, weight.shape[1])
    above, below = (np.maximum(part, 0).sum(1).max(0) for part in (pairs, -pairs))
    largest: npt.NDArray[np.float32] = np.maximum(above, below)
    return largest


def _product(rows: str, weight: str, output: str) -> list[onnx.NodeProto]:
    def node(operator: str, left: str, right: str, name: str) -> onnx.NodeProto:
        return helper.make_node(operator, [left, right], [name])

    return [
        node("MatMulInteger", f"{rows}.q", f"{weight}.whole", f"{output}.product"),
        helper.make_node("Cast", [f"{output}.product"], [f"{output}.sum"], to=TensorProto.FLOAT),
        node("Mul", f"{output}.sum", f"{rows}.step", f"{output}.by_row"),
        node("Mul", f"{output}.by_row", f"{weight}.scale", f"{output}.by_column"),
        node("Mul", f"{rows}.low", f"{weight}.sums", f"{output}.offset"),
        node("Add", f"{output}.by_column", f"{output}.offset", output),
    ]


def _replace_nodes(
    graph: onnx.GraphProto,
    nodes: list[onnx.NodeProto],
    constants: Mapping[str, np.ndarray],
    weights: Container[str],
) -> None:
    """Replaces the nodes, adds the constants, and removes `weights` that no node uses any more."""
    used = {name for node in nodes for name in node.input}
    kept = [
        tensor for tensor in graph.initializer if tensor.name in used or tensor.name not in weights
    ]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    graph.initializer.extend(
        numpy_helper.from_array(array, name) for name, array in constants.items()
    )
