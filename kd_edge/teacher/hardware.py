"""What this machine computes on, and how exactly."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

from kd_edge_runtime.errors import InputError

_CPUINFO = Path("/proc/cpuinfo")
_BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
_AMPERE = (8, 0)  # the first NVIDIA cards that compute in bfloat16; torch imitates it on older ones


def choose_device(device: str) -> torch.device:
    """Where to compute.

    Args:
        device: "cpu", "cuda" or "auto".

    Raises:
        InputError: "cuda" is asked for and there is none.
    """
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise InputError("there is no CUDA device here; compute on 'cpu' or 'auto'.")
    return torch.device("cuda" if there and device != "cpu" else "cpu")


def choose_precision(device: torch.device, precision: str) -> str:
    """How exactly to compute.

    Args:
        device: where.
        precision: "fp32", "bf16", "fp16" or "auto".

    Returns:
        "fp32", "bf16" or "fp16"; for "auto" the fastest that the device computes in: bf16, else
        fp16 on a GPU where accelerate is installed, else fp32.

    Raises:
        InputError: fp16 is asked for on a CPU, or without accelerate.
    """
    if precision == "fp16":
        _refuse_fp16(device)
    if precision != "auto":
        return precision
    if _has_bf16(device):
        return "bf16"
    return "fp16" if device.type == "cuda" and has_accelerate() else "fp32"


def has_accelerate() -> bool:
    """Whether Hugging Face accelerate is installed; it is not imported."""
    return importlib.util.find_spec("accelerate") is not None


def _refuse_fp16(device: torch.device) -> None:
    if device.type != "cuda":
        raise InputError("fp16 needs a CUDA device, and the work is on the CPU; use fp32 or bf16.")
    if not has_accelerate():
        raise InputError(
            "fp16 needs accelerate, which scales the loss. Install it with\n"
            "  pip install accelerate\n"
            "or use fp32 or bf16."
        )


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        # not torch's is_bf16_supported, which counts cards that imitate it slowly
        return torch.version.hip is not None or torch.cuda.get_device_capability() >= _AMPERE
    try:
        # torch has no public question for this in all versions that we allow
        return bool(_BF16_FLAGS & set(_CPUINFO.read_text(encoding="utf-8").split()))
    except OSError:
        return False
