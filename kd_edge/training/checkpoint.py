"""A training run's state after an epoch, on the disk, by which a stopped run goes on.

`state.json` (see `run_state`) is replaced last, so that a run killed between two files still finds
the state before. The randomness needs no saving: batches and dropout of an epoch depend on the seed
and the epoch alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from kd_edge.console.progress import Tracker, say
from kd_edge.training.epoch import EpochFigures
from kd_edge.training.run_state import RunState, SavedState
from kd_edge.training.tensors import (
    DamagedError,
    Written,
    copy_tensors,
    read_tensors,
    write_tensors,
)
from kd_edge.training.threads import computing, free_threads
from kd_edge_runtime.files import plain_write_errors
from kd_edge_runtime.slots.durable import sync_folder

_SECONDS = 30.0  # at least so many between two writes


class Checkpoint:
    """The folder that holds the state of a model's run, and the last epoch's state in memory.

    Args:
        folder: created by the first write.
        model: the model that is trained.
        optimizer: of its parameters.
        unit: what messages call an epoch, where the run's state is kept after each part of one.
    """

    def __init__(
        self,
        folder: Path,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        unit: str = "epoch",
    ) -> None:
        self._folder, self._model, self._optimizer = folder, model, optimizer
        self._unit = unit
        self._unwritten: RunState | None = None
        # Of the last epoch, unless it is the best one, and of the best one.
        self._last: dict[str, torch.Tensor] = {}
        self._best: dict[str, torch.Tensor] = {}
        self._moments: dict[str, torch.Tensor] = {}
        self._best_written = 0  # the epoch of the best weights on the disk
        self._files: dict[str, Written] = {}  # those on the disk

    def keep(self, state: RunState) -> None:
        """Copy the run's state after an epoch, for `write`."""
        self._unwritten = None  # what was copied before is being overwritten
        is_best = state.epochs == state.best_epoch
        copy_tensors(_trained(self._model), self._best if is_best else self._last)
        copy_tensors(_moments(self._optimizer), self._moments)
        self._unwritten = state

    def write(self) -> None:
        """Write what was kept last, unless it is on the disk, and drop files no longer needed.

        Raises:
            InputError: the files cannot be written.
        """
        state = self._unwritten
        if state is None:
            return
        with plain_write_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        last, best = state.epochs, state.best_epoch
        if last != best:
            self._put(_weights_of(last), self._last)
        if best != self._best_written:
            self._put(_weights_of(best), self._best)
            self._best_written = best
        self._put(_moments_of(last), self._moments)
        keep = {_weights_of(last), _weights_of(best), _moments_of(last)}
        self._files = {name: one for name, one in self._files.items() if name in keep}
        with plain_write_errors(self._folder):
            sync_folder(self._folder)
        SavedState(state, self._files).write(self._folder)
        for file in self._folder.glob("*.safetensors"):
            if file.name not in keep:
                file.unlink()
        self._unwritten = None

    def resume(self, key: str) -> RunState:
        """Bring the fresh model and its optimizer to where a stopped run was, and report it.

        Returns:
            The state to resume from: a fresh one, the model and optimizer unchanged, where
            there is no checkpoint, one of another key, or a damaged one.
        """
        try:
            saved = SavedState.read(self._folder)
            if saved is None:
                return RunState(key, threads=free_threads())
            if saved.run.key != key:
                say("The checkpoint is of other responses or options: starting from the beginning.")
                return RunState(key, threads=free_threads())
            state = saved.run
            weights, moments, best = (
                read_tensors(self._folder / name, saved.files.get(name))
                for name in (
                    _weights_of(state.epochs),
                    _moments_of(state.epochs),
                    _weights_of(state.best_epoch),
                )
            )
        except DamagedError as error:
            say(f"The checkpoint is damaged ({error}): starting from the beginning.")
            return RunState(key, threads=free_threads())
        _load_trained(self._model, weights)
        _set_moments(self._optimizer, moments)
        self._best, self._best_written = best, state.best_epoch
        self._files = dict(saved.files)
        say(f"Resuming after {self._unit} {state.epochs}.")
        return state

    def run_epochs(
        self,
        state: RunState,
        run: Callable[[int], EpochFigures],
        epochs: int,
        patience: int,
        tracker: Tracker,
    ) -> RunState:
        """Run the epochs that are left; `run` is given the epoch, from 0.

        The state is written at most every 30 seconds, when the user presses Ctrl-C, and at the
        end: writing takes longer than an epoch of few responses.
        """
        written = time.monotonic()
        try:
            while not state.finished(epochs, patience):
                started = time.monotonic()
                with computing(state.threads):
                    figures = run(state.epochs)
                state = state.after(figures, time.monotonic() - started)
                self.keep(state)
                if time.monotonic() - written >= _SECONDS:
                    self.write()
                    written = time.monotonic()
                tracker.note(f"{self._unit} {figures.epoch}/{epochs}: {figures}")
        except KeyboardInterrupt:
            self.write()
            raise
        self.write()
        return state

    def restore_best(self) -> None:
        """Give the model the weights of the best epoch that was run or resumed."""
        _load_trained(self._model, self._best)

    def _put(self, name: str, tensors: dict[str, torch.Tensor]) -> None:
        self._files[name] = write_tensors(self._folder / name, tensors)


def _trained(model: torch.nn.Module) -> Mapping[str, torch.Tensor]:
    """A model's weights by name; of one that is frozen in part, those that are trained."""
    parameters = dict(model.named_parameters())
    trained = {name: value for name, value in parameters.items() if value.requires_grad}
    return trained if len(trained) < len(parameters) else model.state_dict()


def _load_trained(model: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Give a model back what `_trained` gave."""
    expected = _trained(model).keys()
    if weights.keys() != expected:
        raise RuntimeError("these are not the weights of this model")
    model.load_state_dict(weights, strict=len(expected) == len(model.state_dict()))


def _weights_of(epoch: int) -> str:
    return f"weights-{epoch:04d}.safetensors"


def _moments_of(epoch: int) -> str:
    return f"optimizer-{epoch:04d}.safetensors"


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
