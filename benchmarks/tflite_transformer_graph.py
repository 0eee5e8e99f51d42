"""A cut BERT as TFLite: ids and positions [T] in, probabilities [1, K] out.

Only primitive operators, by our own writer. Products with large weights are in 8 bits, as both
interpreters compute them: each row of the input gets its own scale when it is scored, the weight
has one scale for all its outputs, since tflite-runtime 2.14 silently ignores all but the first;
so each output's own scale is multiplied in afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from kd_edge_export.tflite.graph import TfliteGraph

Weights = Mapping[str, npt.NDArray[np.float32]]

_LEAST = 1 << 16  # smaller products stay in floats, as in ONNX
_STEPS = 127
_EMBEDDINGS = "cut.backbone.embeddings"
_LAYER = "cut.backbone.encoder.layer.{}"
_OPERATORS, _OPTIONS = schema.BuiltinOperator, schema.BuiltinOptions


def cut_bert(weights: Weights, config: Mapping[str, Any]) -> bytes:
    """The graph.

    Args:
        weights: of a `TransformerNetwork` of a BERT.
        config: its language model's configuration.
    """
    return _Writer(weights, config).written()


class _Writer:
    def __init__(self, weights: Weights, config: Mapping[str, Any]) -> None:
        self._weights = weights
        self._layers: int = config["num_hidden_layers"]
        self._heads: int = config["num_attention_heads"]
        self._epsilon: float = config["layer_norm_eps"]
        self._width: int = config["hidden_size"]
        self._graph = TfliteGraph()
        self._constants: dict[str, int] = {}
        self._computed = 0

    def written(self) -> bytes:
        graph, table = self._graph, f"{_EMBEDDINGS}.{{}}_embeddings.weight"
        ids, places = (graph.variable(name, [-1], "int32") for name in ("ids", "positions"))
        # All tokens of a response have type 0.
        position = self._weights[table.format("position")]
        position = position + self._weights[table.format("token_type")][0]
        words = self._rows("words", self._weights[table.format("word")], ids)
        rows = self._add(words, self._rows("places", position, places), self._width)
        rows = self._norm(rows, f"{_EMBEDDINGS}.LayerNorm")
        for layer in range(self._layers):
            rows = self._encoded(rows, _LAYER.format(layer))
        logits = self._product(self._mean(rows, 0, [1, self._width]), "cut.head")
        shares = graph.variable(
            "probabilities", [1, len(self._weights["cut.head.bias"])], "float32"
        )
        self._into(shares, "SOFTMAX", [logits], beta=1.0)
        return graph.to_bytes([ids, places], [shares], {})

    def _encoded(self, rows: int, name: str) -> int:
        """One layer."""
        heads, size = self._heads, self._width // self._heads
        parts = []
        for part in ("query", "key", "value"):
            whole = self._product(rows, f"{name}.attention.self.{part}", query=part == "query")
            by_head = self._shaped(whole, [-1, heads, size])
            parts.append(self._swapped(by_head, [heads, -1, size]))
        query, key, value = parts
        scores = self._op("BATCH_MATMUL", [query, key], [heads, -1, -1], "BatchMatMul", adjY=True)
        shares = self._op("SOFTMAX", [scores], [heads, -1, -1], beta=1.0)
        seen = self._op("BATCH_MATMUL", [shares, value], [heads, -1, size], "BatchMatMul")
        seen = self._shaped(self._swapped(seen, [-1, heads, size]), [-1, self._width])
        out = self._product(seen, f"{name}.attention.output.dense")
        rows = self._norm(self._add(out, rows, self._width), f"{name}.attention.output.LayerNorm")
        inner = self._product(rows, f"{name}.intermediate.dense")
        wide = len(self._weights[f"{name}.intermediate.dense.bias"])
        inner = self._op("GELU", [inner], [-1, wide], approximate=True)
        out = self._product(inner, f"{name}.output.dense")
        return self._norm(self._add(out, rows, self._width), f"{name}.output.LayerNorm")

    def _product(self, rows: int, name: str, query: bool = False) -> int:
        """Rows times a weight [E, D], plus its bias [E]; that of queries with attention's scale."""
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        if query:
            scale = np.float32((self._width // self._heads) ** -0.5)
            weight, bias = weight * scale, bias * scale
        size = len(weight)
        bias_at = self._constant(f"{name}.bias", bias)
        if weight.size < _LEAST:
            inputs = [rows, self._constant(name, weight), bias_at]
            return self._op("FULLY_CONNECTED", inputs, [-1, size], "FullyConnected")
        whole, scales = _whole(weight, 1)
        inputs = [rows, self._graph.constant(name, whole, [1.0])]
        # Version 9: with rows from their lowest to their highest number.
        out = self._op(
            "FULLY_CONNECTED",
            inputs,
            [-1, size],
            "FullyConnected",
            9,
            asymmetricQuantizeInputs=True,
        )
        out = self._multiplied(out, self._constant(f"{name}.scales", scales[:, 0]), size)
        return self._add(out, bias_at, size)

    def _rows(self, name: str, table: npt.NDArray[np.float32], numbers: int) -> int:
        """Some rows of a table."""
        whole, scales = _whole(table, 0)
        kept = self._graph.constant(name, whole, [1.0])
        rows = self._graph.variable(f"{name}.rows", [-1, table.shape[1]], "int8", [1.0])
        self._into(rows, "GATHER", [kept, numbers], version=2)
        floats = self._op("DEQUANTIZE", [rows], [-1, table.shape[1]], version=2)
        scales_at = self._constant(f"{name}.scales", scales[0])
        return self._multiplied(floats, scales_at, table.shape[1])

    def _norm(self, rows: int, name: str) -> int:
        """Rows with mean 0 and variance 1, times a weight and plus a bias."""
        width = self._width
        centred = self._op("SUB", [rows, self._mean(rows, 1, [-1, 1])], [-1, width])
        variance = self._mean(self._multiplied(centred, centred, width), 1, [-1, 1])
        least = self._constant("epsilon", np.array([self._epsilon], np.float32))
        per = self._op("RSQRT", [self._add(variance, least, 1)], [-1, 1], "")
        even = self._multiplied(centred, per, width)
        weight = self._constant(f"{name}.weight", self._weights[f"{name}.weight"])
        bias = self._constant(f"{name}.bias", self._weights[f"{name}.bias"])
        return self._add(self._multiplied(even, weight, width), bias, width)

    def _mean(self, rows: int, axis: int, shape: list[int]) -> int:
        along = self._constant(f"axis {axis}", np.array([axis], np.int32))
        return self._op("MEAN", [rows, along], shape, "Reducer", keepDims=True)

    def _shaped(self, values: int, shape: list[int]) -> int:
        wanted = self._constant(f"shape {shape}", np.array(shape, np.int32))
        return self._op("RESHAPE", [values, wanted], shape, newShape=shape)

    def _swapped(self, values: int, shape: list[int]) -> int:
        order = self._constant("order", np.array([1, 0, 2], np.int32))
        return self._op("TRANSPOSE", [values, order], shape)

    def _add(self, left: int, right: int, width: int) -> int:
        return self._op("ADD", [left, right], [-1, width])

    def _multiplied(self, left: int, right: int, width: int) -> int:
        return self._op("MUL", [left, right], [-1, width])

    def _constant(self, name: str, array: npt.NDArray[Any]) -> int:
        if name not in self._constants:
            self._constants[name] = self._graph.constant(name, array)
        return self._constants[name]

    def _op(
        self,
        operator: str,
        inputs: list[int],
        shape: list[int],
        options: str | None = None,
        version: int = 1,
        **fields: Any,
    ) -> int:
        """An operator with a result of its own; gives the result."""
        self._computed += 1
        output = self._graph.variable(str(self._computed), shape, "float32")
        self._into(output, operator, inputs, options, version, **fields)
        return output

    def _into(
        self,
        output: int,
        operator: str,
        inputs: list[int],
        options: str | None = None,
        version: int = 1,
        **fields: Any,
    ) -> None:
        """An operator; its options are called as it is, if they are not named, "" for none."""
        name = operator.capitalize() if options is None else options
        filled = getattr(schema, f"{name}OptionsT")() if name else None
        for field, value in fields.items():
            setattr(filled, field, value)
        kind = getattr(_OPTIONS, f"{name}Options") if name else _OPTIONS.NONE
        self._graph.operator(getattr(_OPERATORS, operator), version, inputs, output, kind, filled)


def _whole(
    weight: npt.NDArray[np.float32], axis: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Integers, and the scale of each slice along the other axis."""
    scales = (np.abs(weight).max(axis, keepdims=True) / _STEPS).astype(np.float32)
    return np.rint(weight / scales).astype(np.int8), scales
