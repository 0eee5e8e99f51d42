"""How the teacher's network computes: on what this machine offers, in which precision."""

from __future__ import annotations

from pathlib import Path

import torch

from kd_edge_runtime.errors import InputError

_CPUINFO = Path("/proc/cpuinfo")
_BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
_AMPERE = (8, 0)  # the first NVIDIA cards with bfloat16; torch emulates it on older ones
_LOW = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Compute:
    """A device and a precision to compute in.

    Args:
        device: the device of the network and its tensors.
        precision: "fp32", "bf16" or "fp16". The gradients of fp16 underflow, so its loss is scaled
            (Micikevicius et al. 2018, "Mixed Precision Training", section 3.2), and a step whose
            scaled gradient overflows is skipped.
    """

    def __init__(self, device: torch.device, precision: str) -> None:
        self.device = device
        self._low = _LOW.get(precision)
        self._scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")

    def autocast(self) -> torch.autocast:
        """The context of the forward pass; compute the loss outside it."""
        return torch.autocast(self.device.type, dtype=self._low, enabled=self._low is not None)

    def step(
        self,
        loss: torch.Tensor,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        max_norm: float,
    ) -> None:
        """Take one optimizer step.

        Args:
            loss: of the batch, a float32 scalar.
            model: the network that it was computed with.
            optimizer: of the network's parameters.
            max_norm: the norm to which a larger gradient is scaled down, > 0.
        """
        optimizer.zero_grad()
        # Where the precision is not fp16, the scaler does nothing but `optimizer.step()`.
        scaled: torch.Tensor = self._scaler.scale(loss)
        torch.autograd.backward(scaled)
        self._scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        self._scaler.step(optimizer)
        self._scaler.update()


def choose_compute(device: str, precision: str) -> Compute:
    """Choose how to compute on this machine; see `choose_device` and `choose_precision`."""
    where = choose_device(device)
    return Compute(where, choose_precision(where, precision))


def choose_device(device: str) -> torch.device:
    """Choose a device: "cpu", "cuda" or "auto".

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
