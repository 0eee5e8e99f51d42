"""Tensors on disk, and a training run's state after an epoch, by which a stopped run goes on.

Tensors are safetensors only, never a pickle.

`state.json` is replaced last and names the files that belong to it, so that a run killed
between two files still finds the state before. The randomness needs no saving: batches and
dropout of an epoch depend on the seed and the epoch alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from kd_edge.console.progress import Tracker, say
from kd_edge.files import write_json
from kd_edge.training.epoch import EpochFigures
from kd_edge.training.threads import computing, free_threads
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import atomic_write, plain_write_errors

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


def read_state(folder: Path) -> RunState | None:
    """The state of the run that was stopped; None where there is none to be read."""
    try:
        raw = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        history = tuple(EpochFigures(**figures) for figures in raw["history"])
        return RunState(raw["key"], history, raw["seconds"], raw.get("threads", 0))
    except (OSError, ValueError, KeyError, TypeError):
        return None


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

    def keep(self, state: RunState) -> None:
        """Copy the run's state after an epoch, for `write`."""
        self._unwritten = None  # what was copied before is being overwritten
        is_best = state.epochs == state.best_epoch
        _copy(_trained(self._model), self._best if is_best else self._last)
        _copy(_moments(self._optimizer), self._moments)
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
            _write(self._weights_of(last), self._last)
        if best != self._best_written:
            _write(self._weights_of(best), self._best)
            self._best_written = best
        _write(self._moments_of(last), self._moments)
        write_json(self._folder / _STATE, asdict(state))
        keep = {self._weights_of(last), self._weights_of(best), self._moments_of(last)}
        for file in self._folder.glob("*.safetensors"):
            if file not in keep:
                file.unlink()
        self._unwritten = None

    def resume(self, key: str) -> RunState:
        """Bring the fresh model and its optimizer to where a stopped run was, and report it.

        Returns:
            The state to resume from: a fresh one, the model and optimizer unchanged, where
            there is no checkpoint, one of another key, or a damaged one.
        """
        state = read_state(self._folder)
        if state is None:
            return RunState(key, threads=free_threads())
        if state.key != key:
            say("The checkpoint is of other responses or options: starting from the beginning.")
            return RunState(key, threads=free_threads())
        try:
            weights = load_file(self._weights_of(state.epochs))
            moments = load_file(self._moments_of(state.epochs))
            best = load_file(self._weights_of(state.best_epoch))
        except (OSError, SafetensorError):
            say("The checkpoint is damaged: starting from the beginning.")
            return RunState(key, threads=free_threads())
        _load_trained(self._model, weights)
        _set_moments(self._optimizer, moments)
        self._best, self._best_written = best, state.best_epoch
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

    def _weights_of(self, epoch: int) -> Path:
        return self._folder / f"weights-{epoch:04d}.safetensors"

    def _moments_of(self, epoch: int) -> Path:
        return self._folder / f"optimizer-{epoch:04d}.safetensors"


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


def _copy(tensors: Mapping[str, torch.Tensor], copies: dict[str, torch.Tensor]) -> None:
    """Copy tensors to the CPU, each into storage of its own, into the copies that are there."""
    for name, tensor in tensors.items():
        if name in copies:
            copies[name].copy_(tensor.detach())
        else:
            copies[name] = tensor.detach().to("cpu", copy=True).contiguous()


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


def save_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write tensors by name as safetensors, atomically, into an existing folder.

    Raises:
        InputError: the file cannot be written.
    """
    # Each with storage of its own, even where two weights are tied.
    copies: dict[str, torch.Tensor] = {}
    _copy(tensors, copies)
    _write(path, copies)


def _write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    with atomic_write(path, binary=True) as file:
        file.write(save(tensors))


@contextmanager
def plain_tensor_errors(path: Path) -> Iterator[None]:
    """Turn safetensors' errors in writing `path` into words.

    Raises:
        InputError: in place of the `SafetensorError` that the block raised.
    """
    try:
        yield
    except SafetensorError as error:
        full = "No space left" in str(error)
        why = "the disk is full" if full else "its weights could not be written"
        raise InputError(f"cannot write '{path}': {why}.") from error
