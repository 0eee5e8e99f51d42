"""A moving average of the weights that an optimizer trains, kept in the optimizer's own state.

Averaged weights are less sure of themselves than the last ones, and no worse (Izmailov et al. 2018,
"Averaging Weights Leads to Wider Optima and Better Generalization"). In the optimizer's state they
are saved and restored with a checkpoint, and are there for the trained weights of an adapter alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

_MEAN = "mean"
_DECAY = 0.98  # a step


def add_to_mean(optimizer: torch.optim.Optimizer) -> None:
    """Take the weights after an optimizer step into their average; the first are the average."""
    with torch.no_grad():
        for weight in _trained(optimizer):
            state = optimizer.state[weight]
            if _MEAN in state:
                state[_MEAN].lerp_(weight, 1 - _DECAY)
            else:
                state[_MEAN] = weight.detach().clone()


def put_mean(optimizer: torch.optim.Optimizer) -> None:
    """Give the network the average in place of its weights, where there is one."""
    with torch.no_grad():
        for weight in _trained(optimizer):
            if _MEAN in optimizer.state[weight]:
                weight.copy_(optimizer.state[weight][_MEAN])


@contextmanager
def averaged(optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Within this context the network has the average, where there is one."""
    _swap(optimizer)
    try:
        yield
    finally:
        _swap(optimizer)


def _swap(optimizer: torch.optim.Optimizer) -> None:
    """Exchange weights and average, one by one, so that no second network is needed."""
    with torch.no_grad():
        for weight in _trained(optimizer):
            if _MEAN in optimizer.state[weight]:
                own = weight.detach().clone()
                weight.copy_(optimizer.state[weight][_MEAN])
                optimizer.state[weight][_MEAN].copy_(own)


def _trained(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    """The weights that have been trained: those without a gradient have no state."""
    for group in optimizer.param_groups:
        yield from (weight for weight in group["params"] if weight in optimizer.state)
