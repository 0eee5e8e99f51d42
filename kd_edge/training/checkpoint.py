"""A training run's state after an epoch, so that a stopped run can be resumed.

`state.json` is replaced last and names the files that belong to it, so that a run killed
between two files still finds the state before. The randomness needs no saving: batches and
dropout of an epoch depend on the seed and the epoch alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from kd_edge.console.progress import say
from kd_edge.files import write_json
from kd_edge.stages.record import StoppedError
from kd_edge.training.epoch import EpochFigures
from kd_edge.training.tensors import save_tensors
from kd_edge_runtime.files import plain_write_errors

_STATE = "state.json"


@dataclass(frozen=True)
class RunState:
    """The state of a run.

    Attributes:
        key: hash of all that decides the run's outcome: rows, options, model.
        history: the figures of the epochs done, in order.
        seconds: time spent so far.
    """

    key: str
    history: tuple[EpochFigures, ...] = ()
    seconds: float = 0.0

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return len(self.history)

    @property
    def best_epoch(self) -> int:
        """The best epoch so far, from 1; the earliest of equals. 0 before the first."""
        return max(self.history, key=lambda figures: figures.rank).epoch if self.history else 0

    @property
    def best(self) -> EpochFigures:
        """The figures of the best epoch; there must be one."""
        return self.history[self.best_epoch - 1]

    def after(self, figures: EpochFigures, seconds: float) -> RunState:
        """The state after one more epoch."""
        return RunState(self.key, (*self.history, figures), self.seconds + seconds)

    def finished(self, epochs: int, patience: int) -> bool:
        """Whether all epochs are done, or the last `patience` of them brought nothing better."""
        waited = self.epochs - self.best_epoch
        return self.epochs >= epochs or waited >= patience


@contextmanager
def work_folder(work: Path | None) -> Iterator[Path]:
    """A folder for checkpoints: the given one, or a temporary one.

    Raises:
        KeyboardInterrupt: in place of `StoppedError`, where there is nothing to resume from.
    """
    if work is not None:
        yield work
        return
    with TemporaryDirectory() as scratch:
        try:
            yield Path(scratch)
        except StoppedError:
            raise KeyboardInterrupt from None


class Checkpoint:
    """The folder that holds a run's state, created by the first `save`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self) -> RunState | None:
        """The state of the run that was stopped; None where there is none to be read."""
        try:
            raw = json.loads((self.folder / _STATE).read_text(encoding="utf-8"))
            history = tuple(EpochFigures(**figures) for figures in raw["history"])
            return RunState(raw["key"], history, raw["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(
        self, state: RunState, model: torch.nn.Module, optimizer: torch.optim.Optimizer
    ) -> None:
        """Save a run after an epoch, and drop the files that are no longer needed.

        Raises:
            InputError: the files cannot be written.
        """
        with plain_write_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        last = state.epochs
        save_tensors(self._weights(last), model.state_dict())
        save_tensors(self._moments(last), _moments(optimizer))
        write_json(self.folder / _STATE, asdict(state))
        keep = {self._weights(last), self._weights(state.best_epoch), self._moments(last)}
        for file in self.folder.glob("*.safetensors"):
            if file not in keep:
                file.unlink()

    def resume(
        self, key: str, model: torch.nn.Module, optimizer: torch.optim.Optimizer
    ) -> RunState:
        """Bring a fresh model and its optimizer to where a stopped run was, and report it.

        Returns:
            The state to resume from: a fresh one, the model and optimizer unchanged, where
            there is no checkpoint, one of another key, or a damaged one.
        """
        state = self.read()
        if state is None:
            return RunState(key)
        if state.key != key:
            say("The checkpoint is of other responses or options: starting from the beginning.")
            return RunState(key)
        try:
            weights = load_file(self._weights(state.epochs))
            moments = load_file(self._moments(state.epochs))
            load_file(self._weights(state.best_epoch))
        except (OSError, SafetensorError):
            say("The checkpoint is damaged: starting from the beginning.")
            return RunState(key)
        model.load_state_dict(weights)
        _set_moments(optimizer, moments)
        say(f"Resuming after epoch {state.epochs}.")
        return state

    def restore_best(self, state: RunState, model: torch.nn.Module) -> None:
        """Give a model the weights of the best epoch."""
        model.load_state_dict(load_file(self._weights(state.best_epoch)))

    def remove(self) -> None:
        """Drop the checkpoint of a finished run."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _weights(self, epoch: int) -> Path:
        return self.folder / f"weights-{epoch:04d}.safetensors"

    def _moments(self, epoch: int) -> Path:
        return self.folder / f"optimizer-{epoch:04d}.safetensors"


def _moments(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    state = optimizer.state_dict()["state"]
    return {
        f"{parameter}.{name}": value
        for parameter, values in state.items()
        for name, value in values.items()
    }


def _set_moments(optimizer: torch.optim.Optimizer, moments: dict[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for key, value in moments.items():
        parameter, _, name = key.partition(".")
        state.setdefault(int(parameter), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
