"""How the teacher's network computes: with plain torch, or on a GPU through accelerate.

Hugging Face accelerate brings mixed precision, the scaling of the loss that fp16 needs, and
clipping that knows of it. On a CPU it would add nothing, so it is not imported there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import torch

from kd_edge.teacher.hardware import choose_device, choose_precision, has_accelerate
from kd_edge_runtime.errors import InputError

_MIXED = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}  # as accelerate calls them


class Compute:
    """Computes with plain torch. All but the making is done inside `with compute:`.

    Args:
        device: where.
        precision: "fp32" or "bf16".

    Attributes:
        device: where the network and its tensors belong.
    """

    def __init__(self, device: torch.device, precision: str) -> None:
        self.device = device
        self._precision = precision

    def __enter__(self) -> Compute:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def autocast(self) -> AbstractContextManager[Any]:
        """The context in which the network goes forward; the loss is computed outside."""
        if self._precision == "bf16":
            return torch.autocast(self.device.type, dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def prepare(self, optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
        """The optimizer to use in place of this one, before its first step and its state."""
        return optimizer

    def step(
        self,
        loss: torch.Tensor,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        largest: float,
    ) -> None:
        """One step down the loss.

        Args:
            loss: of the batch, a float32 scalar.
            model: what it came from.
            optimizer: what `prepare` gave.
            largest: norm above which the whole gradient is scaled down to it, > 0.
        """
        optimizer.zero_grad()
        self._backward(loss)
        self._clip(model.parameters(), largest)
        optimizer.step()

    def _backward(self, loss: torch.Tensor) -> None:
        loss.backward()

    def _clip(self, parameters: Iterable[torch.nn.Parameter], largest: float) -> None:
        torch.nn.utils.clip_grad_norm_(parameters, largest)


class Accelerated(Compute):
    """Computes through accelerate, which must be installed.

    Args:
        device: where: the first CUDA device or the CPU, which gives what `Compute` gives.
        precision: "fp32", "bf16", or on a GPU "fp16", where a step whose scaled gradient
            overflows is left out.

    Raises:
        InputError: accelerate cannot compute so on this machine.
    """

    def __init__(self, device: torch.device, precision: str) -> None:
        from accelerate import Accelerator

        self._state = _OwnState()
        try:
            with self._state:
                self._accelerator = Accelerator(
                    cpu=device.type == "cpu", mixed_precision=_MIXED[precision]
                )
                super().__init__(self._accelerator.device, precision)
        except (NotImplementedError, ValueError) as error:
            raise InputError(f"accelerate cannot compute in {precision} here: {error}") from error

    def __enter__(self) -> Accelerated:
        self._state.swap()
        return self

    def __exit__(self, *_: object) -> None:
        self._state.swap()

    def autocast(self) -> AbstractContextManager[Any]:
        """See `Compute`."""
        return self._accelerator.autocast()

    def prepare(self, optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
        """See `Compute`."""
        # The model is not prepared: its forward would keep this precision for good.
        return self._accelerator.prepare_optimizer(optimizer)

    def _backward(self, loss: torch.Tensor) -> None:
        self._accelerator.backward(loss)

    def _clip(self, parameters: Iterable[torch.nn.Parameter], largest: float) -> None:
        self._accelerator.clip_grad_norm_(parameters, largest)


class _OwnState:
    """What accelerate knows of the process, kept apart for one `Accelerator`.

    Accelerate keeps device, precision and accumulation in dictionaries that all its objects
    share, and refuses a second `Accelerator` of another precision. Here each has its own, which
    changes places with what is there while it is used: teachers of several precisions follow
    each other in a process, whose own `Accelerator`, if it has one, stays as it was.
    """

    def __init__(self) -> None:
        from accelerate.state import AcceleratorState, GradientState, PartialState

        kinds = (PartialState, AcceleratorState, GradientState)
        self._shared = [kind._shared_state for kind in kinds]
        self._kept: list[dict[str, Any]] = [{} for _ in kinds]

    def swap(self) -> None:
        """Change places: put this state in, or take it out again."""
        for place, shared in enumerate(self._shared):
            found = dict(shared)
            shared.clear()
            shared.update(self._kept[place])
            self._kept[place] = found

    def __enter__(self) -> None:
        self.swap()

    def __exit__(self, *_: object) -> None:
        self.swap()


def choose_compute(device: str, precision: str) -> Compute:
    """How to compute here.

    Args:
        device: "cpu", "cuda" or "auto".
        precision: "fp32", "bf16", "fp16" or "auto".

    Returns:
        On a GPU, where accelerate is installed, `Accelerated`; else `Compute`.

    Raises:
        InputError: this machine, or what is installed on it, cannot compute so.
    """
    where = choose_device(device)
    exactly = choose_precision(where, precision)
    kind = Accelerated if where.type == "cuda" and has_accelerate() else Compute
    return kind(where, exactly)
