"""Models to compare with: a text classifier as ONNX or TFLite, and its tokenizer, in a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kd_edge_runtime.errors import InputError, missing_file, printable

TOKENIZER = "tokenizer.json"
_KINDS = {".onnx": "onnx", ".tflite": "tflite"}
_LONGEST = 512  # tokens, if no file states the model's maximum


@dataclass(frozen=True)
class Model:
    """A text classifier.

    Attributes:
        graph: the model file.
        backend: the backend that runs it, "onnx" or "tflite".
        bytes: size of the graph, its external data files and the tokenizer.
        parameters: number of parameters; None if no file states it.
        labels: class names in the order of the outputs; () if no file states them.
        longest: the most tokens that it accepts.
        pad: the padding token; "" if no file states it.
    """

    graph: Path
    backend: str
    bytes: int
    parameters: int | None
    labels: tuple[str, ...]
    longest: int
    pad: str

    @property
    def name(self) -> str:
        """The names of the folder and the file."""
        return printable(f"{self.graph.resolve().parent.name}/{self.graph.name}")


def find(path: Path) -> list[Model]:
    """The models in a folder, or the model in one file.

    Args:
        path: a folder written by `kd-edge export TEACHER --teacher -o FOLDER` (described by its
            model.json) or by another tool (config.json, tokenizer_config.json); or one model file.

    Raises:
        InputError: there is no model or no tokenizer, or a file is not valid JSON.
    """
    if not path.exists():
        raise missing_file(path, "file or folder")
    folder = path if path.is_dir() else path.parent
    graphs = sorted(path.iterdir()) if path.is_dir() else [path]
    graphs = [one for one in graphs if one.suffix in _KINDS]
    if not graphs:
        raise InputError(
            f"{path}: no .onnx or .tflite file here; 'kd-edge export TEACHER --teacher -o FOLDER' "
            "writes one with its tokenizer"
        )
    if not (folder / TOKENIZER).is_file():
        raise InputError(f"{folder}: a text classifier needs its {TOKENIZER} beside it")
    own, config, words = (
        _json(folder / name) for name in ("model.json", "config.json", "tokenizer_config.json")
    )
    pad = words.get("pad_token")
    if isinstance(pad, dict):
        pad = pad.get("content")
    # Some files state 10^30 tokens to mean "no limit"; the smaller number counts.
    lengths = [words.get("model_max_length"), config.get("max_position_embeddings")]
    parameters = own.get("parameters")
    return [
        Model(
            graph=graph,
            backend=_KINDS[graph.suffix],
            bytes=_size(graph) + (folder / TOKENIZER).stat().st_size,
            parameters=parameters if isinstance(parameters, int) else None,
            labels=_labels(own, config),
            longest=min([one for one in lengths if isinstance(one, int)] or [_LONGEST]),
            pad=pad if isinstance(pad, str) else "",
        )
        for graph in graphs
    ]


def places(labels: Sequence[str], number: int, classes: Sequence[str]) -> list[int] | None:
    """Which of the item's classes each output of a model stands for.

    Args:
        labels: the names of the outputs; empty if unknown.
        number: the number of outputs.
        classes: the item's classes.

    Returns:
        Indices into the classes; None if the model has other classes.
    """
    if len(labels) == number and {*labels} == {*classes}:
        return [*map(classes.index, labels)]
    unnamed = not labels or all(one.startswith("LABEL_") for one in labels)
    return [*range(number)] if unnamed and number == len(classes) else None


def _size(graph: Path) -> int:
    names = (graph.name, f"{graph.name}_data", f"{graph.name}.data")
    return sum(one.stat().st_size for one in graph.parent.iterdir() if one.name in names)


def _labels(own: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[str, ...]:
    named = own.get("classes")
    if isinstance(named, list):
        return tuple(map(str, named))
    by_id = config.get("id2label")
    if not isinstance(by_id, dict) or {*by_id} != {*map(str, range(len(by_id)))}:
        return ()
    return tuple(str(by_id[str(at)]) for at in range(len(by_id)))


def _json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; {} if the file does not exist."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise InputError(f"{path}: this is not a JSON object")
    return content
