"""PyTorch's exporter of graphs, asked once for the same network while tests run.

It takes seconds for the tiniest network, and tests write bundles of the same ones tens of times.
Who asks again for the same module, with the same numbers, settings and options, gets the graph that
was made the first time. It is kept in a folder that all workers of one run of the tests share, and
is gone with it. Whatever this project does with a graph is done each time.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnx
import torch


class _Described(pickle.Pickler):
    """Everything that a module holds: its classes by name, its settings, a hash of each tensor."""

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return NotImplemented
        numbers = value.detach().contiguous().flatten().view(torch.uint8).numpy()
        digest = hashlib.sha256(numbers.tobytes()).hexdigest()
        return str, (f"{type(value).__name__} {value.dtype} {[*value.shape]} {digest}",)


def key(module: torch.nn.Module, *options: object) -> str | None:
    """The name of a module and options; None for a module that cannot be described."""
    described = io.BytesIO()
    try:
        _Described(described).dump(module)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None
    return hashlib.sha256(described.getvalue() + repr(options).encode()).hexdigest()


def keeping(export: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """The exporter, which keeps its graphs in this folder."""

    def exported(module: torch.nn.Module, example: object, **options: object) -> Any:
        name = key(module, example, options)
        if name is None:
            return export(module, example, **options)
        path = folder / f"{name}.onnx"
        if not path.is_file():
            program = export(module, example, **options)
            whole = path.with_suffix(f".{os.getpid()}")
            whole.write_bytes(program.model_proto.SerializeToString())
            whole.replace(path)
        return SimpleNamespace(model_proto=onnx.load_from_string(path.read_bytes()))

    return exported


@contextmanager
def exports_kept(folder: Path) -> Iterator[None]:
    """Keeps graphs in a folder until the end."""
    folder.mkdir(exist_ok=True)
    real = torch.onnx.export
    torch.onnx.export = keeping(real, folder)
    try:
        yield
    finally:
        torch.onnx.export = real
