"""Text classifiers as other tools write them: a graph, a tokenizer, and files about them.

Each word is worth a number for each class, and the numbers of a response add up.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from kd_edge_export.tflite import graph as tflite_graph

WORDS = ("[PAD]", "[UNK]", "ice", "melts", "warm", "lid")

# The worth of each word; none of padding. "ice" says class 1, "melts" class 2, and so on.
TABLE = np.array([[0, 0, 0, 0], [0.5, 0, 0, 0], *np.eye(4)[[1, 2, 3, 0]]], dtype=np.float32)

CONFIG = {"max_position_embeddings": 8, "id2label": {str(at): str(at) for at in range(4)}}


def tokenizer(pad: bool = False) -> Tokenizer:
    """A tokenizer of whole words."""
    made = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, "[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if pad:
        made.enable_padding(pad_id=0, pad_token="[PAD]")
    return made


def onnx_graph(
    names: Sequence[str] = ("input_ids", "attention_mask"),
    table: np.ndarray = TABLE,
    shape: Sequence[object] = ("N", "T"),
    kind: int = TensorProto.INT64,
) -> bytes:
    """A graph that reads ids by the first of the names; the others are there and unused."""
    inputs = [helper.make_tensor_value_info(name, kind, [*shape]) for name in names]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [shape[0], table.shape[1]])
    nodes = [
        helper.make_node("Gather", ["table", names[0]], ["worth"], axis=0),
        helper.make_node("ReduceSum", ["worth", "axis"], ["logits"], keepdims=0),
    ]
    constants = [
        numpy_helper.from_array(table, "table"),
        numpy_helper.from_array(np.array([1], dtype=np.int64), "axis"),
    ]
    graph = helper.make_graph(nodes, "classifier", inputs, [output], constants)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def tflite_graph_bytes(width: int = -1) -> bytes:
    """The same as TFLite, which reads int32 [N, T]; T is open, or `width`."""
    tflite_graph._TYPES["int32"] = schema.TensorType.INT32
    graph = tflite_graph.TfliteGraph()
    rows, size = (1, max(width, 1)), TABLE.shape[1]

    def fed(name: str, shape: tuple[int, ...], kind: str, signature: list[int]) -> int:
        graph._tensor(name, shape, kind).shapeSignature = signature
        return len(graph._tensors) - 1

    ids = fed("input_ids", rows, "int32", [-1, width])
    worth = fed("worth", (*rows, size), "float32", [-1, width, size])
    logits = fed("logits", (1, size), "float32", [-1, size])
    table = graph.constant("table", TABLE)
    axis = graph.constant("axis", np.array([1], dtype=np.int32))
    builtin, options = schema.BuiltinOperator, schema.BuiltinOptions
    graph.operator(
        builtin.GATHER, 1, [table, ids], worth, options.GatherOptions, schema.GatherOptionsT()
    )
    graph.operator(
        builtin.SUM, 1, [worth, axis], logits, options.ReducerOptions, schema.ReducerOptionsT()
    )
    return graph.to_bytes([ids], [logits], {})


def write(
    folder: Path, graph: bytes, name: str = "model.onnx", config: object = CONFIG, pad: bool = False
) -> Path:
    """A folder with a graph, its tokenizer and config.json; returns the folder."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(graph)
    tokenizer(pad).save(str(folder / "tokenizer.json"))
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder
