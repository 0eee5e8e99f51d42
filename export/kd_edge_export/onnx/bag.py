"""A bag student as ONNX: weighted counts [N, V] in, probabilities [N, K] out.

With counts instead of ids there is no padding and no truncation, batches can have any size, and
widely supported operators are enough. Both forms hold the same quantized table; int8 keeps it as
bytes, which ONNX Runtime converts to floats once, when it loads the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from kd_edge_export.onnx.graph import graph_bytes, head
from kd_edge_export.quantize import dequantized
from kd_edge_runtime.students.bag import BagWeights


def onnx_fp32(weights: BagWeights, item_id: str, vectorizer_sha256: str = "") -> bytes:
    """The graph with its table as floats; see `metadata.metadata` for the other arguments."""
    arrays = dequantized(weights)
    constants = {
        "table": arrays.table,
        "bias": arrays.bias,
        "head": arrays.head,
        "head_bias": arrays.head_bias,
    }
    nodes = [helper.make_node("MatMul", ["counts", "table"], ["sums"])]
    return _graph(weights, nodes, constants, item_id, vectorizer_sha256)


def onnx_int8(weights: BagWeights, item_id: str, vectorizer_sha256: str = "") -> bytes:
    """The graph with its table as signed bytes and a factor a column; see `onnx_fp32`."""
    constants, nodes = int8_sums(weights, "numbers")
    return _graph(weights, nodes, constants, item_id, vectorizer_sha256)


def int8_sums(
    weights: BagWeights, cast: str, **more: npt.NDArray[Any]
) -> tuple[dict[str, npt.NDArray[Any]], list[onnx.NodeProto]]:
    """What makes "sums" [N, D] of "counts" [N, V] by the table in bytes; and the other constants.

    Args:
        weights: the network.
        cast: the name of the table as floats, which no other tensor of the graph has.
        more: further constants.
    """
    arrays = dequantized(weights)
    constants: dict[str, npt.NDArray[Any]] = {
        "table": np.frombuffer(weights.table, dtype=np.int8).reshape(-1, weights.dimensions),
        "scale": np.array(weights.scale, dtype=np.float32),
        **more,
        "bias": arrays.bias,
        "head": arrays.head,
        "head_bias": arrays.head_bias,
    }
    nodes = [
        # A constant is cast once, at load; DequantizeLinear would run for every batch.
        helper.make_node("Cast", ["table"], [cast], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["counts", cast], ["whole"]),
        helper.make_node("Mul", ["whole", "scale"], ["sums"]),
    ]
    return constants, nodes


def _graph(
    weights: BagWeights,
    nodes: list[onnx.NodeProto],
    constants: Mapping[str, npt.NDArray[Any]],
    item_id: str,
    vectorizer_sha256: str,
) -> bytes:
    size = len(weights.table) // weights.dimensions
    counts = helper.make_tensor_value_info("counts", TensorProto.FLOAT, ["N", size])
    nodes += [
        helper.make_node("Add", ["sums", "bias"], ["shifted"]),
        helper.make_node("Relu", ["shifted"], ["hidden"]),
        *head("head", "head_bias", "hidden"),
    ]
    classes = len(weights.head)
    return graph_bytes(nodes, [counts], classes, constants, item_id, vectorizer_sha256)
