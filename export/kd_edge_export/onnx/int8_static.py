"""The large matrix products of a graph in 8-bit arithmetic, with scales fixed when it is written.

Each number of a product's input [N, T, D] has a scale of its own, the largest that a sample of
responses has there, so that all become integers of one scale; the weight [D, E], which takes the
scales over, becomes integers with a scale for each of its E outputs. A few numbers of a layer are
ten times as large as the others, and with one scale for all these become coarse. A scale that
follows each batch would let a response's score depend on the others; fixed ones do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from kd_edge_export.onnx.fuse import DOMAIN, Graph, use_domain
from kd_edge_export.onnx.int8_matmul import PAIR, is_large, largest_pair
from kd_edge_export.onnx.weights import by_scales, usable
from kd_edge_runtime.backends.graph_backends import SINGLY

OPERATORS = ("MatMulIntegerToFloat",)

Feed = Mapping[str, npt.NDArray[np.int64]]
Ranges = Mapping[str, npt.NDArray[np.float32]]

_STEPS = 127
_ZERO = 128
_CONSTANTS: dict[str, npt.NDArray[Any]] = {
    "int8.step": np.array(1 / _STEPS, dtype=np.float32),
    "int8.zero": np.array(_ZERO, dtype=np.uint8),
}


def static_products(data: bytes, feeds: Iterable[Feed]) -> bytes:
    """The graph with its products by large constant weights in 8 bits; the rest stays in floats.

    Args:
        data: a graph.
        feeds: inputs of a sample of responses, each without padding.

    Returns:
        The graph, which says in its metadata that responses are to be scored one by one, as what
        padding changes in the last bits of a float may be a step of an integer; the same bytes if
        it has no such products.
    """
    model = onnx.load_from_string(data)
    weights = {
        one.name: numpy_helper.to_array(one) for one in model.graph.initializer if is_large(one)
    }
    products = [
        node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in weights
    ]
    if not products:
        return data
    ranges = input_ranges(model, {node.input[0] for node in products}, feeds)
    graph = Graph(model)
    for name, constant in _CONSTANTS.items():
        graph.add_constant(name, constant)
    quantized: set[str] = set()
    for node in products:
        values, weight = node.input
        scales = usable(ranges[values])
        before = [] if values in quantized else _quantized(graph, values, scales)
        quantized.add(values)  # several layers may read the same
        _replace(graph, node, weights[weight] * scales[:, None], before)
    graph.tidy()
    use_domain(model)
    model.metadata_props.append(onnx.StringStringEntryProto(key=SINGLY, value="1"))
    return bytes(model.SerializeToString())


def has_products(data: bytes) -> bool:
    """Whether a graph has products in 8 bits with fixed scales."""
    return any(one.key == SINGLY for one in onnx.load_from_string(data).metadata_props)


def input_ranges(model: onnx.ModelProto, names: Iterable[str], feeds: Iterable[Feed]) -> Ranges:
    """The largest absolute value of each number of some values [N, T, D]; [D] by name."""
    import onnxruntime

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    wanted = sorted(names)
    watched.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in wanted)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        watched.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    largest: dict[str, npt.NDArray[np.float32]] = {}
    for feed in feeds:
        for name, value in zip(wanted, session.run(wanted, dict(feed)), strict=True):
            found = np.abs(value).reshape(-1, value.shape[-1]).max(0)
            largest[name] = np.maximum(largest.get(name, found), found)
    return largest


def _quantized(graph: Graph, values: str, scales: npt.NDArray[np.float32]) -> list[onnx.NodeProto]:
    """Nodes that make `values.q` [N, T, D] of values."""
    per = graph.add_constant(f"{values}.per", (1 / scales).astype(np.float32))
    return [
        helper.make_node("Mul", [values, per], [f"{values}.even"]),
        helper.make_node(
            "QuantizeLinear", [f"{values}.even", "int8.step", "int8.zero"], [f"{values}.q"]
        ),
    ]


def _replace(
    graph: Graph,
    node: onnx.NodeProto,
    weight: npt.NDArray[np.float32],
    before: list[onnx.NodeProto],
) -> None:
    """Puts the product of integers in the place of one of floats, with its bias if it has one."""
    values, name = node.input
    scale = usable((largest_pair(weight) / PAIR).astype(np.float32))
    whole = graph.add_constant(f"{name}.whole", by_scales(weight, scale))
    scale_name = graph.add_constant(f"{name}.scale", scale)
    bias, last = "", node
    reader = graph.sole_reader(node.output[0])
    if reader is not None and reader.op_type in ("Add", "Sum"):
        vectors = [one for one in reader.input if getattr(graph.array(one), "ndim", 0) == 1]
        if len(vectors) == 1:
            bias = vectors[0]
            rest = [one for one in reader.input if one != bias]
            if len(rest) == 1:
                last = reader
            else:
                graph.change_inputs(reader, rest)
    product = helper.make_node(
        "MatMulIntegerToFloat",
        [f"{values}.q", whole, "int8.step", scale_name, "int8.zero", "", bias],
        list(last.output),
        domain=DOMAIN,
    )
    graph.replace(node, *before, product)
    if last is not node:
        graph.remove(last)
