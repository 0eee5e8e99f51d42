"""Tensors on disk: safetensors only, never a pickle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import atomic_write


def snapshot(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of a model's weights on the CPU, each with storage of its own (ties included)."""
    return {
        name: value.detach().to("cpu", copy=True).contiguous()
        for name, value in model.state_dict().items()
    }


def save_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write tensors as safetensors, atomically.

    Args:
        path: the file, in an existing folder.
        tensors: name to tensor; no two may share storage.

    Raises:
        InputError: the file cannot be written.
    """
    with atomic_write(path, binary=True) as file:
        file.write(save(dict(tensors)))


@contextmanager
def plain_tensor_errors(path: Path) -> Iterator[None]:
    """Turn safetensors' write errors into words.

    Args:
        path: what is being written, as the user gave it.

    Raises:
        InputError: in place of the `SafetensorError` that the block raised.
    """
    try:
        yield
    except SafetensorError as error:
        full = "No space left" in str(error)
        why = "the disk is full" if full else "its weights could not be written"
        raise InputError(f"cannot write '{path}': {why}.") from error
