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


def save_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write tensors by name as safetensors, atomically, into an existing folder.

    Raises:
        InputError: the file cannot be written.
    """
    # Each with storage of its own, even where two weights are tied.
    copies = {
        name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()
    }
    with atomic_write(path, binary=True) as file:
        file.write(save(copies))


@contextmanager
def plain_tensor_errors(path: Path) -> Iterator[None]:
    """Turn safetensors' errors in writing `path` into words.

    Raises:
        InputError: in place of the `SafetensorError` that the block raised.
    """
    try:
        yield
    except SafetensorError as error:
        full = "No space left" in str(error)
        why = "the disk is full" if full else "its weights could not be written"
        raise InputError(f"cannot write '{path}': {why}.") from error
