"""How the teacher's network computes: on what this machine offers, in which precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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

    Attributes:
        device: as given.
        low: the low precision of the products; None for fp32.
    """

    def __init__(self, device: torch.device, precision: str) -> None:
        self.device = device
        self.low = _LOW.get(precision)
        self._scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")

    def autocast(self) -> torch.autocast:
        """The context of the forward pass; compute the loss outside it."""
        return torch.autocast(self.device.type, dtype=self.low, enabled=self.low is not None)

    def backward(self, loss: torch.Tensor) -> None:
        """Add the gradients of a loss, a float32 scalar, to those of the parameters."""
        # Where the precision is not fp16, the scaler does nothing but `optimizer.step()`.
        scaled: torch.Tensor = self._scaler.scale(loss)
        torch.autograd.backward(scaled)

    def update(
        self, model: torch.nn.Module, optimizer: torch.optim.Optimizer, max_norm: float
    ) -> None:
        """Take an optimizer step with the gradients that are there.

        Args:
            model: the network that they were computed with.
            optimizer: of the network's parameters.
            max_norm: the norm to which a larger gradient is scaled down, > 0.
        """
        self._scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        self._scaler.step(optimizer)
        self._scaler.update()

    def step(
        self,
        loss: torch.Tensor,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        max_norm: float,
    ) -> None:
        """Take one optimizer step on the loss of a batch; see `backward` and `update`."""
        optimizer.zero_grad()
        self.backward(loss)
        self.update(model, optimizer, max_norm)


def choose_compute(device: str, precision: str) -> Compute:
    """Choose how to compute on this machine; see `choose_device` and `choose_precision`."""
    where = choose_device(device)
    return Compute(where, choose_precision(where, precision))


_USUAL: ContextVar[str] = ContextVar("usual_device", default="auto")


@contextmanager
def computing_on(device: str) -> Iterator[None]:
    """Within it, "auto" is this device: for all that a command computes, on one of several GPUs.

    Args:
        device: as in `choose_device`.

    Raises:
        InputError: there is no such device here.
    """
    choose_device(device)
    token = _USUAL.set(device)
    try:
        yield
    finally:
        _USUAL.reset(token)


def choose_device(device: str) -> torch.device:
    """Choose a device.

    Args:
        device: "cpu", "cuda", "cuda:<number>" for one of several, "mps" for the GPU of a Mac, or
            "auto" for "cuda" where there is one, else "cpu"; see also `computing_on`.

    Raises:
        InputError: there is no such device here.
    """
    device = _USUAL.get() if device == "auto" else device
    there = torch.cuda.is_available()
    if device == "mps" and not torch.backends.mps.is_available():
        raise InputError("there is no Apple GPU (MPS) here; compute on 'cpu' or 'auto'.")
    if device.startswith("cuda") and not there:
        raise InputError("there is no CUDA device here; compute on 'cpu' or 'auto'.")
    if ":" in device:
        last = torch.cuda.device_count() - 1
        if int(device.partition(":")[2]) > last:
            raise InputError(f"there is no device '{device}' here; the last one is 'cuda:{last}'.")
    if device == "auto":
        device = "cuda" if there else "cpu"
    return torch.device(device)


def random_devices(device: torch.device) -> list[int]:
    """The devices besides the CPU whose random state work on this one changes, for `fork_rng`."""
    if device.type != "cuda":
        return []
    return [torch.cuda.current_device() if device.index is None else device.index]


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
        where = {"cpu": "the CPU", "mps": "an Apple GPU"}.get(device.type, device.type)
        raise InputError(f"fp16 needs a CUDA device, and the work is on {where}; use fp32 or bf16.")
    if precision != "auto":
        return precision
    if _has_bf16(device):
        return "bf16"
    return "fp16" if device.type == "cuda" else "fp32"


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        # not torch's is_bf16_supported, which counts cards that emulate it slowly
        return torch.version.hip is not None or torch.cuda.get_device_capability(device) >= _AMPERE
    if device.type != "cpu":
        return False
    try:
        # no public function of torch tells this in all the versions we support
        return bool(_BF16_FLAGS & set(_CPUINFO.read_text(encoding="utf-8").split()))
    except OSError:
        return False
