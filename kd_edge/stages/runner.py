"""Runs stages in order, and skips those whose output is up to date."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kd_edge.console.progress import say
from kd_edge.files import mend_folder
from kd_edge.stages.record import NOT_FINISHED, why_outdated, write_record
from kd_edge_runtime.errors import KdEdgeError
from kd_edge_runtime.files import plain_write_errors


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
        check: Callable[[], object] = lambda: None,
    ) -> None:
        """Run a stage, unless its output exists and its options and inputs are the same.

        Args:
            name: the stage.
            options: its options.
            inputs: the hash of each input by name.
            outputs: the files and folders that it writes.
            stage: runs it.
            check: raises a KdEdgeError where outputs of an earlier run cannot be read: then they
                are made again, even if the record says that they are what was written.
        """
        record, shown = self.folder / f"{name}.stage.json", self.shown.get(name, name)
        with plain_write_errors(self.folder):
            for output in outputs:
                mend_folder(output)
        why = why_outdated(record, name, options, inputs, outputs) or _unreadable(check)
        if not why:
            say(f"{self.whose}: {shown} unchanged, kept.")
            return
        if why != NOT_FINISHED:
            say(f"{self.whose}: {shown}: made again, as {why}.")
        elif any(output.exists() for output in outputs):
            say(f"{self.whose}: {shown}: begun before and not finished; going on.")
        started = time.monotonic()
        stage()
        write_record(record, name, options, inputs, outputs, time.monotonic() - started)
        self.ran.append(name)


def _unreadable(check: Callable[[], object]) -> str:
    try:
        check()
    except KdEdgeError as error:
        return f"it cannot be used: {error}"
    return ""
