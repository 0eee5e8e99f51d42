"""The device and the precision that this machine offers."""

from __future__ import annotations

from pathlib import Path

import torch

from kd_edge_runtime.errors import InputError

_CPUINFO = Path("/proc/cpuinfo")
_BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
_AMPERE = (8, 0)  # the first NVIDIA cards with bfloat16; torch emulates it on older ones


def choose_device(device: str) -> torch.device:
    """Choose a device.

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
    """Choose a precision.

    Args:
        device: where the work is done.
        precision: "fp32", "bf16", "fp16" or "auto".

    Returns:
        "fp32", "bf16" or "fp16"; for "auto" the fastest that the device has hardware for: bf16,
        else fp16 on a GPU, else fp32.

    Raises:
        InputError: fp16 is asked for on a CPU.
    """
    if precision == "fp16" and device.type != "cuda":
        raise InputError("fp16 needs a CUDA device, and the work is on the CPU; use fp32 or bf16.")
    if precision != "auto":
        return precision
    if _has_bf16(device):
        return "bf16"
    return "fp16" if device.type == "cuda" else "fp32"


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        # not torch's is_bf16_supported, which counts cards that emulate it slowly
        return torch.version.hip is not None or torch.cuda.get_device_capability() >= _AMPERE
    try:
        # no public function of torch tells this in all the versions we support
        return bool(_BF16_FLAGS & set(_CPUINFO.read_text(encoding="utf-8").split()))
    except OSError:
        return False
