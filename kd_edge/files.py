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
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import atomic_write, plain_write_errors
from kd_edge_runtime.slots.durable import sync_folder
from kd_edge_runtime.system.temporary import remove_all_stale

# What a folder is called while it is built, when it is whole, and when it has been replaced.
_NEW, _WHOLE, _OLD = ".new", ".whole", ".old"


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds no JSON in UTF-8, or one that is nested too deeply to be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


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
    new, whole, old = (_beside(path, ending) for ending in (_NEW, _WHOLE, _OLD))
    with plain_write_errors(path):
        mend_folder(path)
    check_replaceable(path, markers)
    with plain_write_errors(path):
        new.mkdir(parents=True)
        if path.exists():  # what is for its owner alone stays so
            new.chmod(stat.S_IMODE(path.stat().st_mode))
        try:
            yield new
            _open_to_its_readers(new)
            _sync(new)
            # By this name it is known to be whole, should this process end before the last rename.
            new.rename(whole)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        if path.exists():
            path.rename(old)
        whole.rename(path)
        sync_folder(path.parent)
        shutil.rmtree(old, ignore_errors=True)


def mend_folder(path: Path) -> None:
    """Finish or undo what a process that was killed in `atomic_folder` had begun.

    Args:
        path: the folder that it was making or replacing. No other process may be at it now.

    Raises:
        OSError: the disk refuses.
    """
    new, whole, old = (_beside(path, ending) for ending in (_NEW, _WHOLE, _OLD))
    for left in (whole, old):  # one of them where both renames had not been made
        if left.is_dir() and not path.exists():
            left.rename(path)
    for left in (new, whole, old):
        shutil.rmtree(left, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what killed processes left in a folder, and finish or undo what they were replacing.

    Args:
        folder: a folder, which need not be there, that this process alone writes into.
    """
    if not folder.is_dir():
        return
    with suppress(OSError):
        remove_all_stale(folder)
        for path in sorted(folder.iterdir()):
            name = path.name.removeprefix(".")
            ending = path.suffix
            if name != path.name and ending in (_NEW, _WHOLE, _OLD) and path.is_dir():
                mend_folder(folder / name.removesuffix(ending))


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


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f".{path.name}{ending}")


def _sync(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_file():
            with path.open("rb+") as handle:
                os.fsync(handle.fileno())
        elif path.is_dir():
            sync_folder(path)
