"""Files and folders that are either whole or not there, and plain words where a disk refuses."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from kd_edge_runtime.errors import InputError

_WRITE_PROBLEMS = {
    errno.ENOSPC: "the disk is full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "the disk quota is used up",
    errno.EACCES: "you are not allowed to write there",
    errno.EPERM: "you are not allowed to write there",
    errno.EROFS: "the disk is read-only",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EEXIST: "a file of that name is in the way of a folder",
    errno.EISDIR: "a folder of that name is in the way",
}


def write_json(path: Path, value: Any) -> None:
    """Write a value of JSON types, indented, atomically.

    Raises:
        InputError: the file cannot be written.
    """
    with atomic_write(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=2, allow_nan=False)
        file.write("\n")


@contextmanager
def atomic_write(path: Path, *, binary: bool = False) -> Iterator[IO[Any]]:
    """Write a file whole or not at all: a temporary file beside it, fsync, then a rename.

    Text is UTF-8, and line ends are written as they are on every platform.

    Args:
        path: the file; its folder is made where missing.
        binary: whether the file takes bytes.

    Yields:
        The open temporary file.

    Raises:
        InputError: the disk is full, or the file may not be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with plain_write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        text = {} if binary else {"encoding": "utf-8", "newline": ""}
        try:
            with temporary.open("wb" if binary else "w", **text) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


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
        try:
            yield new
            _sync(new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        if path.exists():
            path.rename(old)
        new.rename(path)
        shutil.rmtree(old, ignore_errors=True)


def check_replaceable(path: Path, markers: Collection[str]) -> None:
    """Refuse to write over a folder that kd-edge did not make.

    Args:
        path: a folder that may or may not be there.
        markers: names, one of which shows that kd-edge made the folder.

    Raises:
        InputError: there is a file of that name, or a folder with other things in it.
    """
    if not path.exists():
        return
    if not path.is_dir():
        raise InputError(f"'{path}' is a file; name a folder, or one that is not there yet.")
    there = {entry.name for entry in path.iterdir()}
    if there and not there & set(markers):
        raise InputError(
            f"'{path}' holds files that kd-edge did not make; name an empty folder or a new one."
        )


@contextmanager
def plain_write_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into words.

    Args:
        path: what is being written, as the user gave it.

    Raises:
        InputError: in place of the `OSError` that the block raised.
    """
    try:
        yield
    except OSError as error:
        words = _WRITE_PROBLEMS.get(error.errno or 0)
        if words is None:
            raise
        raise InputError(f"cannot write '{path}': {words}.") from error


def _sync(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb+") as handle:
                os.fsync(handle.fileno())
