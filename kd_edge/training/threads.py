"""How many threads torch computes with: no more than there are free cores.

torch's threads wait for each other at every step. On a machine whose other cores are busy, two
threads took ten times as long as one. The last bits of a result depend on the number, so a run that
was stopped goes on with the number that it began with.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from kd_edge.console.progress import say

_STAT = Path("/proc/stat")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_SECONDS = 0.2  # for which the cores are watched
_NEARLY = 0.25  # of a core may be busy in one that counts as free
_FIXED = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")

_in_use: list[int] = []


@contextmanager
def computing(threads: int = 0) -> Iterator[None]:
    """Let torch use so many threads, and afterwards as many as before; within another: no change.

    Args:
        threads: their number; 0 for `free_threads`.
    """
    if _in_use:
        yield
        return
    before = torch.get_num_threads()
    _in_use.append(threads or free_threads())
    torch.set_num_threads(_in_use[0])
    try:
        yield
    finally:
        _in_use.clear()
        torch.set_num_threads(before)


def compute_with(threads: int) -> None:
    """From now on, compute with so many threads, >= 1, whatever the machine is set to."""
    os.environ[_FIXED[0]] = str(threads)
    torch.set_num_threads(threads)


def free_threads() -> int:
    """The threads to compute with: as many as torch would use, or fewer on a busy machine.

    Watched once a process. The environment's OMP_NUM_THREADS or MKL_NUM_THREADS is kept.
    """
    usual = torch.get_num_threads()
    if usual == 1 or any(os.environ.get(name) for name in _FIXED):
        return usual
    return min(usual, _free_cores())


@functools.cache
def _free_cores() -> int:
    limits = [_quota(), _idle_cores()]
    free = max(1, int(min(limits) + _NEARLY)) if min(limits) < float("inf") else 2**16
    if free < torch.get_num_threads():
        say(f"Other programs use this machine's processor: computing with {free} of its cores.")
    return free


def _idle_cores() -> float:
    """The cores that this process may use and nobody does; infinite where that is not known."""
    before = _times()
    time.sleep(_SECONDS if before else 0)
    after = _times()
    shares = []
    for core, (idle, total) in before.items():
        idle_after, total_after = after.get(core, (idle, total))
        if total_after > total:
            shares.append((idle_after - idle) / (total_after - total))
    return sum(shares) if shares else float("inf")


def _times() -> dict[int, tuple[int, int]]:
    """The idle and all clock ticks of each core that this process may use."""
    if not hasattr(os, "sched_getaffinity"):
        return {}
    try:
        lines = _STAT.read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    allowed = os.sched_getaffinity(0)
    found = {}
    for line in lines:
        name, *fields = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in allowed:
            ticks = [*map(int, fields[:8])]
            found[int(name[3:])] = sum(ticks[3:5]), sum(ticks)
    return found


def _quota() -> float:
    """The cores that a container may use; infinite without a limit."""
    try:
        most, period = _QUOTA.read_text(encoding="ascii").split()
        return int(most) / int(period)
    except (OSError, ValueError):
        return float("inf")
