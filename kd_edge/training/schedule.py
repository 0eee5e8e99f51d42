"""The one-cycle schedule (Smith and Topin 2018, "Super-Convergence"), as a pure function.

The same numbers as torch's OneCycleLR with linear annealing. A function of the step has no
state to save and to restore.
"""

from __future__ import annotations

import torch

_WARM_UP = 0.1  # share of the steps
_START, _END = 1 / 25, 1 / 25e4  # of the highest rate
_BETA_FAST, _BETA_SLOW = 0.95, 0.85  # Adam's first beta at a low and at the highest rate


def one_cycle(step: int, total: int) -> tuple[float, float]:
    """The rates of a step, from 0, out of `total`.

    Returns:
        The learning rate as a share of the highest, in (0, 1], and Adam's first beta.
    """
    peak = max(_WARM_UP * total - 1, 0.0)
    if step < peak:
        share = step / peak
        return _between(_START, 1.0, share), _between(_BETA_FAST, _BETA_SLOW, share)
    share = (step - peak) / max(total - 1 - peak, 1.0)
    return _between(1.0, _END, share), _between(_BETA_SLOW, _BETA_FAST, share)


def set_step(optimizer: torch.optim.Optimizer, step: int, total: int) -> None:
    """Set an Adam optimizer's rates for a step; each group holds its highest as "peak"."""
    rate, beta = one_cycle(step, total)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * rate
        group["betas"] = (beta, group["betas"][1])


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share
