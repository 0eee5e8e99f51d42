"""A `pairs` student as ONNX: weighted counts [N, rows] and the relation's numbers [N, F] in.

All questions share the graph, so that its metadata names none of them, nor a vectorizer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper

from kd_edge_export.onnx.bag import int8_sums
from kd_edge_export.onnx.graph import graph_bytes, head
from kd_edge_runtime.students.bag import BagWeights


def onnx_int8(weights: BagWeights, related: npt.NDArray[np.float32], name: str) -> bytes:
    """The graph with its table as signed bytes and a factor a column.

    Args:
        weights: the network.
        related: what each number of the relation adds to the hidden values; [F, D].
        name: for the metadata.
    """
    constants, nodes = int8_sums(weights, "whole table", related=related.astype(np.float32))
    nodes += [
        helper.make_node("MatMul", ["numbers", "related"], ["relation"]),
        helper.make_node("Add", ["sums", "relation"], ["both"]),
        helper.make_node("Add", ["both", "bias"], ["shifted"]),
        helper.make_node("Relu", ["shifted"], ["hidden"]),
        *head("head", "head_bias", "hidden"),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", size])
        for name, size in (("counts", len(constants["table"])), ("numbers", len(related)))
    ]
    return graph_bytes(nodes, inputs, len(weights.head), constants, name)
