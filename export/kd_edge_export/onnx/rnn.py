"""An RNN student as ONNX, written node by node: ids and mask [N, T] in, probabilities out.

PyTorch's exporter does not support packed sequences; ONNX's GRU takes the lengths as an input.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper

from kd_edge_export.onnx.graph import graph_bytes, head

_Floats = npt.NDArray[np.float32]

# Lower than any state of a GRU: states are between -1 and 1.
_BELOW_ALL = -2.0

# The suffixes of PyTorch's names of the two directions.
_DIRECTIONS = ("", "_reverse")


def onnx_fp32(state: Mapping[str, _Floats], item_id: str, vectorizer_sha256: str = "") -> bytes:
    """The graph in floats.

    Args:
        state: the network's weights by PyTorch's names (`embedding.weight`, `gru.*`, `head.*`).
        item_id: the item, for the model's metadata.
        vectorizer_sha256: see `metadata.metadata`.
    """
    hidden = state["gru.weight_hh_l0"].shape[1]
    constants = {
        "embedding": state["embedding.weight"],
        "w": np.stack([_gates(state[f"gru.weight_ih_l0{suffix}"]) for suffix in _DIRECTIONS]),
        "r": np.stack([_gates(state[f"gru.weight_hh_l0{suffix}"]) for suffix in _DIRECTIONS]),
        "b": np.stack(
            [
                np.concatenate(
                    [_gates(state[f"gru.bias_{part}_l0{suffix}"]) for part in ("ih", "hh")]
                )
                for suffix in _DIRECTIONS
            ]
        ),
        "head": state["head.weight"],
        "head_bias": state["head.bias"],
        "one": np.array(1, dtype=np.int64),
        "time": np.array([1], dtype=np.int64),
        "last": np.array([2], dtype=np.int64),
        "flat": np.array([0, 0, 2 * hidden], dtype=np.int64),
        "below": np.array(_BELOW_ALL, dtype=np.float32),
    }
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["N", "T"])
        for name in ("ids", "mask")
    ]
    nodes = [
        # A response without words counts as one padding token.
        helper.make_node("ReduceSum", ["mask", "time"], ["words"], keepdims=0),
        helper.make_node("Max", ["words", "one"], ["lengths"]),
        helper.make_node("Cast", ["lengths"], ["lengths32"], to=TensorProto.INT32),
        helper.make_node("Gather", ["embedding", "ids"], ["by_response"]),
        helper.make_node("Transpose", ["by_response"], ["by_time"], perm=[1, 0, 2]),
        helper.make_node(
            "GRU",
            ["by_time", "w", "r", "b", "lengths32"],
            ["both_ways"],
            hidden_size=hidden,
            direction="bidirectional",
            linear_before_reset=1,
        ),
        # [T, 2, N, H] to [N, T, 2 H]; ONNX writes zeros beyond a response's end.
        helper.make_node("Transpose", ["both_ways"], ["apart"], perm=[2, 0, 1, 3]),
        helper.make_node("Reshape", ["apart", "flat"], ["states"]),
        helper.make_node("ReduceSum", ["states", "time"], ["total"], keepdims=0),
        helper.make_node("Cast", ["lengths"], ["lengths_f"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["lengths_f", "time"], ["divisor"]),
        helper.make_node("Div", ["total", "divisor"], ["mean"]),
        helper.make_node("Shape", ["ids"], ["width"], start=1, end=2),
        helper.make_node("Squeeze", ["width"], ["width0"]),
        helper.make_node("Sub", ["one", "one"], ["nought"]),
        helper.make_node("Range", ["nought", "width0", "one"], ["places"]),
        helper.make_node("Unsqueeze", ["lengths", "time"], ["until"]),
        helper.make_node("Less", ["places", "until"], ["inside"]),
        helper.make_node("Unsqueeze", ["inside", "last"], ["inside3"]),
        helper.make_node("Where", ["inside3", "states", "below"], ["masked"]),
        helper.make_node("ReduceMax", ["masked"], ["greatest"], axes=[1], keepdims=0),
        helper.make_node("Concat", ["mean", "greatest"], ["pooled"], axis=1),
        *head("head", "head_bias", "pooled"),
    ]
    return graph_bytes(
        nodes, inputs, len(state["head.bias"]), constants, item_id, vectorizer_sha256
    )


def _gates(stacked: _Floats) -> _Floats:
    """PyTorch stacks a GRU's gates as reset, update, new; ONNX as update, reset, new."""
    reset, update, new = np.split(stacked, 3)
    return np.concatenate([update, reset, new])
