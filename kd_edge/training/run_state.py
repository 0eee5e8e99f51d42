"""What is known of a training run between two epochs, and its `state.json`.

The file has the hash and the size of each file that belongs to it, and one of itself: a file that
is not as it was written is never taken for a whole one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from kd_edge.files import read_json, write_json
from kd_edge.stages.record import hash_json
from kd_edge.training.epoch import EpochFigures
from kd_edge.training.tensors import DamagedError, Written
from kd_edge_runtime.files import plain_write_errors
from kd_edge_runtime.slots.durable import sync_folder

_STATE = "state.json"


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
            raw = read_json(folder / _STATE)
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
