"""Models to race: a folder with a text classifier as ONNX or TFLite, and its tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kd_edge_runtime.errors import InputError

TOKENIZER = "tokenizer.json"
_KINDS = {".onnx": "onnx", ".tflite": "tflite"}
_LONGEST = 512  # tokens, where no file says how many the model takes


@dataclass(frozen=True)
class Model:
    """A text classifier.

    Attributes:
        graph: its file.
        backend: what runs it, "onnx" or "tflite".
        bytes: of the graph, with what it keeps in files beside it, and of the tokenizer.
        parameters: trained numbers, where a file says.
        labels: its classes' names in the order of its outputs; () where no file says.
        longest: tokens that it takes.
        pad: the token that it pads with; "" where no file says.
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
        """The folder and the file."""
        return f"{self.graph.resolve().parent.name}/{self.graph.name}"


def find(path: Path) -> list[Model]:
    """The models of a folder, or the one in a file.

    Args:
        path: the folder, which `kd-edge export TEACHER --teacher -o FOLDER` may have written
            (model.json says what it is) or another tool (config.json, tokenizer_config.json).

    Raises:
        InputError: there is nothing there, or no tokenizer, or a file is no JSON.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
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
    # Some files name 10^30 tokens for "any number".
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
    """The item's class that each of a model's outputs stands for.

    Args:
        labels: the outputs' names, if known.
        number: how many outputs there are.
        classes: the item's classes.

    Returns:
        Places among the classes; None where the model knows other classes.
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
    """An object of a file; {} where there is no such file."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{path}: this is no JSON object")
    return found
