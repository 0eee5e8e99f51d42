"""Tensors on disk, as safetensors only, never a pickle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import atomic_write


class DamagedError(Exception):
    """A file is not as it was written; the message names it."""


@dataclass(frozen=True)
class Written:
    """What a file was written with.

    Attributes:
        sha256: the hash (hex) of its bytes.
        bytes: its size.
    """

    sha256: str
    bytes: int


def save_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> Written:
    """Write tensors by name as safetensors, atomically, into an existing folder.

    Returns:
        The file's hash and size, for `read_tensors`.

    Raises:
        InputError: the file cannot be written.
    """
    # Each with storage of its own, even where two weights are tied.
    copies: dict[str, torch.Tensor] = {}
    copy_tensors(tensors, copies)
    return write_tensors(path, copies)


def write_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> Written:
    """Write tensors that share no storage, atomically, into an existing folder.

    Raises:
        InputError: the file cannot be written.
    """
    data = save(tensors)
    with atomic_write(path, binary=True) as file:
        file.write(data)
    return Written(hashlib.sha256(data).hexdigest(), len(data))


def read_tensors(path: Path, written: Written | None) -> dict[str, torch.Tensor]:
    """Read tensors, if the file is still as it was written.

    Args:
        path: the file.
        written: its hash and size; None where they are not known.

    Raises:
        DamagedError: it is missing, or not as it was written.
    """
    try:
        data = path.read_bytes()
        if written and written != Written(hashlib.sha256(data).hexdigest(), len(data)):
            raise DamagedError(f"{path.name} was changed")
        return load(data)
    except FileNotFoundError:
        raise DamagedError(f"{path.name} is missing") from None
    except (OSError, SafetensorError):
        raise DamagedError(f"{path.name} cannot be read") from None


def copy_tensors(tensors: Mapping[str, torch.Tensor], copies: dict[str, torch.Tensor]) -> None:
    """Copy tensors to the CPU, each into storage of its own, into the copies that are there."""
    for name, tensor in tensors.items():
        if name in copies:
            copies[name].copy_(tensor.detach())
        else:
            copies[name] = tensor.detach().to("cpu", copy=True).contiguous()


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
