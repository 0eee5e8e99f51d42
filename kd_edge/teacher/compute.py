"""How the teacher's network computes: the device, mixed precision, and one optimizer step."""

from __future__ import annotations

import torch

from kd_edge.teacher.hardware import choose_device, choose_precision

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
    """Choose how to compute on this machine.

    Args:
        device: "cpu", "cuda" or "auto".
        precision: "fp32", "bf16", "fp16" or "auto".

    Raises:
        InputError: this machine cannot compute so.
    """
    where = choose_device(device)
    return Compute(where, choose_precision(where, precision))
