"""One run at a time in a folder, and none in a folder of something else."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

from kd_edge.console.progress import say
from kd_edge_runtime.errors import InputError, printable
from kd_edge_runtime.files import plain_write_errors
from kd_edge_runtime.slots.durable import lock

LOCK = "run.lock"
# Of these, one at least is there once a run has begun.
_OURS = (LOCK, "bundle.kdz", "report.json", "together.json", "teacher.stage.json")
_SKIPPED = ".skipped.csv"
_SHOWN = 3


@contextmanager
def run_folder(out: Path) -> Iterator[None]:
    """Make a run's folder, and keep other runs out of it until the block ends.

    The lock ends with its process, whatever ends that. A folder that is made here and stays empty
    is removed again.

    Args:
        out: the run's folder.

    Raises:
        InputError: another run is at work there; the folder holds files of something else, or
            cannot be written into.
    """
    refuse_foreign(out)
    with plain_write_errors(out):
        is_new = not out.exists()
        # For its owner alone, as it will hold responses; the bundle in it can be copied.
        out.mkdir(0o700, parents=True, exist_ok=True)
        file = _locked(out / LOCK)
    try:
        with file:
            try:
                yield
            finally:
                with suppress(OSError):
                    file.truncate(0)  # Windows removes no open file
                    (out / LOCK).unlink()
    finally:
        if is_new:
            with suppress(OSError):
                out.rmdir()


def refuse_foreign(out: Path) -> None:
    """Refuse a folder with files, none of which is a run's.

    Args:
        out: the run's folder, which need not be there.

    Raises:
        InputError: it holds other files.
    """
    if not out.is_dir():
        return
    # The list of rows that were skipped is written before the run begins.
    there = sorted(
        path
        for path in out.iterdir()
        if not path.name.startswith(".") and not path.name.endswith(_SKIPPED)
    )
    if not there or any(path.name in _OURS or _is_item(path) for path in there):
        return
    named = ", ".join(f"'{printable(path.name)}'" for path in there[:_SHOWN])
    named += ", …" if len(there) > _SHOWN else ""
    raise InputError(
        f"{out} is not empty and holds no run of kd-edge ({named}): name an empty folder or a new "
        "one with -o"
    )


def _is_item(path: Path) -> bool:
    return path.name.startswith("item-") and path.is_dir()


def _locked(path: Path) -> IO[Any]:
    """The lock's file, locked, with a line about who has it."""
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            lock(file)
        except InputError:
            file.seek(0)
            holder = printable(file.read(500).strip()) or "unknown"
            file.close()
            raise InputError(
                f"{path.parent}: another run is at work in this folder ({holder}). Wait for it, "
                "stop it, or name another folder with -o"
            ) from None
        # It may have been removed by its last owner between the two steps.
        with suppress(OSError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                break
        file.close()
    file.seek(0)
    if left := printable(file.read(500).strip()):
        say(f"{path.parent}: a run that did not end by itself ({left}) is resumed.")
    file.truncate(0)
    file.write(f"{_user()} on {socket.gethostname()}, process {os.getpid()}, since {_now()}\n")
    file.flush()
    return file


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a number without a name
        return "somebody"


def _now() -> str:
    return datetime.now(timezone.utc).astimezone().isoformat(" ", "seconds")
