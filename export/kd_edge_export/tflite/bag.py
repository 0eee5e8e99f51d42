"""A bag student as TFLite: weighted counts [N, V] in, probabilities [N, K] out.

The same graph and the same numbers as in ONNX (`onnx/bag.py`). int8 keeps the table as bytes,
which an interpreter converts to floats when it prepares the graph. No operator computes in
integers: there, tflite-runtime 2.14 silently uses one scale for all columns.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert.schema_py_generated import (
    ActivationFunctionType,
    BuiltinOperator,
    BuiltinOptions,
    DequantizeOptionsT,
    FullyConnectedOptionsT,
    SoftmaxOptionsT,
)

from kd_edge_export.metadata import metadata
from kd_edge_export.quantize import dequantized
from kd_edge_export.tflite.graph import TfliteGraph
from kd_edge_runtime.students.bag import BagWeights

# The first version of DEQUANTIZE with a scale for each slice; older interpreters refuse the graph.
_DEQUANTIZE_BY_SLICE = 5


def tflite_fp32(weights: BagWeights, item_id: str, vectorizer_sha256: str = "") -> bytes:
    """The graph with its table as floats; see `metadata.metadata` for the other arguments."""
    graph = TfliteGraph()
    table = graph.constant("table", dequantized(weights).table.T)
    return _finish(graph, table, weights, metadata(item_id, vectorizer_sha256))


def tflite_int8(weights: BagWeights, item_id: str, vectorizer_sha256: str = "") -> bytes:
    """The graph with its table as signed bytes; see `tflite_fp32`."""
    graph = TfliteGraph()
    # TFLite stores weights output by output: the table, transposed.
    numbers = np.frombuffer(weights.table, dtype=np.int8).reshape(-1, weights.dimensions).T
    table = graph.fixed("table", numbers.shape)
    graph.operator(
        BuiltinOperator.DEQUANTIZE,
        _DEQUANTIZE_BY_SLICE,
        [graph.constant("table.int8", numbers, weights.scale)],
        table,
        BuiltinOptions.DequantizeOptions,
        DequantizeOptionsT(),
    )
    return _finish(graph, table, weights, metadata(item_id, vectorizer_sha256))


def _finish(
    graph: TfliteGraph, table: int, weights: BagWeights, described: dict[str, str]
) -> bytes:
    arrays = dequantized(weights)
    counts = graph.rows("counts", len(arrays.table))
    bias, head = graph.constant("bias", arrays.bias), graph.constant("head", arrays.head)
    head_bias = graph.constant("head_bias", arrays.head_bias)
    hidden = graph.rows("hidden", weights.dimensions)
    logits = graph.rows("logits", len(arrays.head))
    shares = graph.rows("probabilities", len(arrays.head))
    _layer(graph, [counts, table, bias], hidden, ActivationFunctionType.RELU)
    _layer(graph, [hidden, head, head_bias], logits, ActivationFunctionType.NONE)
    softmax = SoftmaxOptionsT()
    softmax.beta = 1.0
    graph.operator(
        BuiltinOperator.SOFTMAX, 1, [logits], shares, BuiltinOptions.SoftmaxOptions, softmax
    )
    return graph.to_bytes([counts], [shares], described)


def _layer(graph: TfliteGraph, inputs: list[int], output: int, activation: int) -> None:
    """Values [N, in] times a weight [out, in], plus a bias [out], and an activation."""
    options = FullyConnectedOptionsT()
    options.fusedActivationFunction = activation
    graph.operator(
        BuiltinOperator.FULLY_CONNECTED,
        1,
        inputs,
        output,
        BuiltinOptions.FullyConnectedOptions,
        options,
    )
