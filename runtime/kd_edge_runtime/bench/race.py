"""Runs any text classifier in ONNX Runtime or TFLite, to compare with; see `models`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Callable

import numpy as np
from tokenizers import Tokenizer

from kd_edge_runtime.backends.token_ids import whole
from kd_edge_runtime.errors import BackendError

# Responses per batch, which are of similar length.
_BATCH = 32

# Usual names of an input, by its content.
_INPUTS = {
    "ids": ("ids", "input_ids", "tokens", "token_ids"),
    "mask": ("mask", "attention_mask", "input_mask"),
    "types": ("token_type_ids", "segment_ids", "type_ids"),
}


class _Input:
    """One input of a graph: its content, name or index, shape (None: variable) and type."""

    def __init__(self, name: str, key: Any, shape: Sequence[Any], dtype: Any) -> None:
        plain = name.rpartition("serving_default_")[2].partition(":")[0]
        kinds = [kind for kind, names in _INPUTS.items() if plain in names]
        if not kinds or len(shape) != 2:
            known = ", ".join(one for names in _INPUTS.values() for one in names)
            raise BackendError(
                f"the input '{name}' is not one of a text classifier, of shape [N, T]: {known}"
            )
        self.kind, self.key, self.dtype = kinds[0], key, dtype
        self.rows, self.width = (one if isinstance(one, int) and one > 0 else None for one in shape)


class Classifier:
    """A loaded text classifier.

    Args:
        graph: its file.
        backend: "onnx" or "tflite".
        threads: threads per batch.
        longest: the most tokens, if the tokenizer does not state it.
        pad: the padding token, if the tokenizer does not state it.

    Raises:
        BackendError: the graph or the tokenizer cannot be used.
    """

    def __init__(self, graph: Path, backend: str, threads: int, longest: int, pad: str) -> None:
        open_graph = _onnx if backend == "onnx" else _tflite
        self._inputs, self._run = open_graph(graph, threads)
        self._rows = self._inputs[0].rows
        try:
            self._tokenizer = Tokenizer.from_file(str(graph.with_name("tokenizer.json")))
        except Exception as error:  # the tokenizers package raises plain Exception
            raise BackendError(f"the tokenizer cannot be loaded: {error}") from None
        self._fill(longest, pad, self._inputs[0].width)

    def _fill(self, longest: int, pad: str, width: int | None) -> None:
        """Sets the truncation and padding of the tokenizer."""
        cut, fill = self._tokenizer.truncation, self._tokenizer.padding
        if width or not cut:
            self._tokenizer.enable_truncation(width or longest)
        names = [pad, "[PAD]", "<pad>"] if fill is None else [fill["pad_token"]]
        token = next((one for one in names if self._tokenizer.token_to_id(one) is not None), "")
        number = self._tokenizer.token_to_id(token) or 0
        if fill is None or width:
            self._tokenizer.enable_padding(pad_id=number, pad_token=token, length=width)

    def score_many(self, texts: Sequence[str]) -> list[list[float]]:
        """The output of the graph for each of N texts: a number for each class."""
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        found: list[list[float]] = [[]] * len(texts)
        step = self._rows or _BATCH
        for start in range(0, len(order), step):
            places = order[start : start + step]
            fed = whole([texts[at] for at in places])
            encoded = self._tokenizer.encode_batch(fed + [""] * ((self._rows or 0) - len(fed)))
            columns = {
                "ids": [one.ids for one in encoded],
                "mask": [one.attention_mask for one in encoded],
                "types": [one.type_ids for one in encoded],
            }
            if not columns["ids"][0]:  # no token in any of them
                columns = {kind: [[0]] * len(encoded) for kind in columns}
            feed = {one.key: np.array(columns[one.kind], one.dtype) for one in self._inputs}
            rows = np.asarray(self._run(feed)).tolist()
            for at, row in zip(places, rows):
                found[at] = row
        return found


_Run = Callable[[Mapping[Any, Any]], Any]


def _onnx(path: Path, threads: int) -> tuple[list[_Input], _Run]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime's own errors have no common base
        raise BackendError(f"ONNX Runtime cannot load it: {error}") from None
    inputs = [
        _Input(one.name, one.name, one.shape, np.int32 if "int32" in one.type else np.int64)
        for one in session.get_inputs()
    ]
    wanted = [session.get_outputs()[0].name]
    return inputs, lambda feed: session.run(wanted, feed)[0]


def _tflite(path: Path, threads: int) -> tuple[list[_Input], _Run]:
    # That module knows which of the two interpreters is installed.
    tflite = import_module("kd_edge_runtime.backends.with_tflite").tflite
    try:
        interpreter = tflite.Interpreter(model_path=str(path), num_threads=threads)
        details = interpreter.get_input_details()
    except (ValueError, RuntimeError) as error:
        raise BackendError(f"TFLite cannot load it: {error}") from None
    inputs = [
        _Input(one["name"], one["index"], one["shape_signature"].tolist(), one["dtype"])
        for one in details
    ]

    def run(feed: Mapping[Any, Any]) -> Any:
        for index, array in feed.items():
            interpreter.resize_tensor_input(index, array.shape)
        interpreter.allocate_tensors()
        for index, array in feed.items():
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    return inputs, run
