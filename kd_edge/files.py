"""Folders that are written completely or not at all, and JSON files.

Single files are written by the runtime's `atomic_write`.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import atomic_write, plain_write_errors


def write_json(path: Path, value: Any) -> None:
    """Write a value of JSON types, indented, atomically.

    Raises:
        InputError: the file cannot be written.
    """
    with atomic_write(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=2, allow_nan=False)
        file.write("\n")


def make_folder(path: Path, *, private: bool = True) -> None:
    """Create a folder for results, where it is not there yet.

    Args:
        path: the folder.
        private: whether it is for its owner alone, as it may hold responses, or soft labels of
            them.

    Raises:
        InputError: it cannot be created or written into: an error before the work, not after it.
    """
    with plain_write_errors(path):
        path.mkdir(0o700 if private else 0o777, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass


@contextmanager
def atomic_folder(path: Path, markers: Collection[str]) -> Iterator[Path]:
    """Build a folder whole or not at all: in a sibling folder, swapped in at the end.

    Args:
        path: the folder to make or to replace.
        markers: names, one of which an existing folder must hold to be replaced.

    Yields:
        The empty folder to build in.

    Raises:
        InputError: see `check_replaceable`; the disk is full, or the folder may not be written.
    """
    path = path.resolve()
    new, old = path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.old")
    if old.exists() and not path.exists():  # a run that was killed between the two renames
        old.rename(path)
    check_replaceable(path, markers)
    with plain_write_errors(path):
        for stale in (new, old):
            shutil.rmtree(stale, ignore_errors=True)
        new.mkdir(parents=True)
        if path.exists():  # what is for its owner alone stays so
            new.chmod(stat.S_IMODE(path.stat().st_mode))
        try:
            yield new
            _open_to_its_readers(new)
            _sync(new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        if path.exists():
            path.rename(old)
        new.rename(path)
        shutil.rmtree(old, ignore_errors=True)


def refuse_file(path: Path) -> None:
    """Refuse a file in the place of a folder to write: before the work, not after it.

    Raises:
        InputError: there is a file of that name.
    """
    if path.exists() and not path.is_dir():
        raise InputError(f"'{path}' is a file; name a folder, or one that is not there yet.")


def check_replaceable(path: Path, markers: Collection[str]) -> None:
    """Refuse to write over a folder that kd-edge did not write.

    Args:
        path: a folder that may or may not be there.
        markers: names, one of which shows that kd-edge wrote the folder.

    Raises:
        InputError: there is a file of that name, or a folder with other things in it.
    """
    if not path.exists():
        return
    refuse_file(path)
    there = {entry.name for entry in path.iterdir()}
    if there and not there & set(markers):
        raise InputError(
            f"'{path}' holds files that kd-edge did not make; name an empty folder or a new one."
        )


def _open_to_its_readers(folder: Path) -> None:
    """Lets whoever may read the folder read its files; safetensors keeps its own to their owner."""
    read = folder.stat().st_mode & 0o444
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(path.stat().st_mode | read)


def _sync(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb+") as handle:
                os.fsync(handle.fileno())
