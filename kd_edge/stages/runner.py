"""Runs stages in order, and skips those whose output is up to date."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kd_edge.console.progress import say
from kd_edge.stages.record import is_current, write_record


@dataclass
class Stages:
    """Stages that are recorded in one folder.

    Attributes:
        folder: where their records go.
        whose: the item they belong to, for the beginning of a message.
        shown: what messages call a stage, by its name; the name itself by default.
        ran: the names of the stages that were run; the others were kept from before.
    """

    folder: Path
    whose: str
    shown: Mapping[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    def run(
        self,
        name: str,
        options: Any,
        inputs: Mapping[str, str],
        outputs: Sequence[Path],
        stage: Callable[[], object],
    ) -> None:
        """Run a stage, unless its output exists and its options and inputs are the same.

        Args:
            name: the stage.
            options: its options.
            inputs: the hash of each input by name.
            outputs: the files and folders that it writes.
            stage: runs it.
        """
        record = self.folder / f"{name}.stage.json"
        if is_current(record, name, options, inputs):
            say(f"{self.whose}: {self.shown.get(name, name)} unchanged, kept.")
            return
        started = time.monotonic()
        stage()
        write_record(record, name, options, inputs, outputs, time.monotonic() - started)
        self.ran.append(name)
