"""A training run's state after an epoch, on the disk, by which a stopped run goes on.

`state.json` is replaced last. It has the hash and the size of each file that belongs to it, and one
of itself, so that a run killed between two files still finds the state before, and a file that is
not as it was written is never taken for a whole one. The randomness needs no saving: batches and
dropout of an epoch depend on the seed and the epoch alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from kd_edge.console.progress import Tracker, say
from kd_edge.files import write_json
from kd_edge.stages.record import hash_json
from kd_edge.training.epoch import EpochFigures
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

_STATE = "state.json"
_SECONDS = 30.0  # at least so many between two writes


@dataclass(frozen=True)
class RunState:
    """The state of a run.

    Attributes:
        key: hash of all that decides the run's outcome: rows, options, model.
        history: the figures of the epochs done, in order.
        seconds: time spent so far.
        threads: those that it computes with; 0 where an earlier version did not write them down.
    """

    key: str
    history: tuple[EpochFigures, ...] = ()
    seconds: float = 0.0
    threads: int = 0

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
        history = (*self.history, figures)
        return RunState(self.key, history, self.seconds + seconds, self.threads)

    def finished(self, epochs: int, patience: int) -> bool:
        """Whether all epochs are done, or the last `patience` of them brought nothing better."""
        waited = self.epochs - self.best_epoch
        return self.epochs >= epochs or waited >= patience


@dataclass(frozen=True)
class SavedState:
    """What a checkpoint's `state.json` says.

    Attributes:
        run: the run's state.
        files: hash and size of each file by its name; empty where version 0.2 wrote it.
    """

    run: RunState
    files: Mapping[str, Written]

    def write(self, folder: Path) -> None:
        """Write it; on return it is on the disk.

        Raises:
            InputError: the file cannot be written.
        """
        content = {**asdict(self.run), "files": {n: asdict(one) for n, one in self.files.items()}}
        # As it is read back, where numbers of two types may be equal.
        content = json.loads(json.dumps(content))
        write_json(folder / _STATE, {**content, "sha256": hash_json(content)})
        with plain_write_errors(folder):
            sync_folder(folder)

    @classmethod
    def read(cls, folder: Path) -> SavedState | None:
        """Read it; None where there is none.

        Raises:
            DamagedError: it is not as it was written.
        """
        try:
            raw = json.loads((folder / _STATE).read_text(encoding="utf-8"))
            said = raw.pop("sha256", None)
            if (said is not None or "files" in raw) and said != hash_json(raw):
                raise DamagedError(_STATE)
            files = {name: Written(**one) for name, one in raw.get("files", {}).items()}
            history = tuple(EpochFigures(**figures) for figures in raw["history"])
            run = RunState(raw["key"], history, raw["seconds"], raw.get("threads", 0))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise DamagedError(_STATE) from None
        return cls(run, files)


def read_state(folder: Path) -> RunState | None:
    """The state of the run that was stopped; None where there is none to be read."""
    try:
        saved = SavedState.read(folder)
    except DamagedError:
        return None
    return None if saved is None else saved.run


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
