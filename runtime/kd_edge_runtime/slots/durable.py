"""Files that are on the disk, and not on their way to it, when a function returns."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, sha256
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import share

if TYPE_CHECKING:
    from typing import IO, Any

_CHUNK = 1 << 20


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a piece at a time."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def sha256_of(path: Path) -> str:
    """The sha256 of a file."""
    found = sha256()
    for chunk in chunks(path):
        found.update(chunk)
    return found.hexdigest()


def write_new(path: Path, data: Iterable[bytes]) -> None:
    """Writes a file that was not there; it and its name are on the disk at the end."""
    with path.open("xb") as file:
        share(path)
        for chunk in data:
            file.write(chunk)
        file.flush()
        # The folder first: with it goes, on FAT, the list of the file's clusters. A cut between
        # the two leaves an empty file, and not one whose clusters count as free.
        sync_folder(path.parent)
        os.fsync(file.fileno())
        if sys.platform == "linux":
            # So that reading it back asks the card and not the memory.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def make_folder(folder: Path) -> None:
    """Makes a folder, and those above it, where they are not there."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        share(folder)
        sync_folder(folder)  # that it is empty, which on FAT is not so by itself
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Brings the names in a folder to the disk, where the system can."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some network folders cannot
                raise
        finally:
            os.close(number)


def lock(file: IO[Any]) -> None:
    """Locks an open file until it is closed or its process ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise InputError(
            f"'{file.name}' is locked ({error.strerror}): is another install at work there?"
        ) from None
