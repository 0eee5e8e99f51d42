"""What this machine computes on, and how exactly."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch

from kd_edge_runtime.errors import InputError

_CPUINFO = Path("/proc/cpuinfo")
_BF16_FLAGS = {"avx512_bf16", "amx_bf16"}


def choose_device(device: str) -> torch.device:
    """Where to compute.

    Args:
        device: "cpu", "cuda" or "auto".

    Raises:
        InputError: "cuda" is asked for and there is none.
    """
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise InputError("there is no CUDA device here; use --device cpu or auto.")
    return torch.device("cuda" if there and device != "cpu" else "cpu")


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """The context in which the network computes.

    Args:
        device: where it computes.
        precision: "fp32", "bf16" or "auto".

    Returns:
        A bfloat16 autocast, or a context that does nothing.
    """
    if precision == "bf16" or (precision == "auto" and _fast_bf16(device)):
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()


def _fast_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    try:
        # torch has no public question for this in all versions that we allow
        return bool(_BF16_FLAGS & set(_CPUINFO.read_text(encoding="utf-8").split()))
    except OSError:
        return False
