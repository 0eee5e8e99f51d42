"""File operations whose effect is on the disk, not only in a cache, when they return."""

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
    """The bytes of a file in chunks."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = sha256()
    for chunk in chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def write_new(path: Path, data: Iterable[bytes]) -> None:
    """Writes a file that does not exist yet; on return it and its name are on the disk."""
    with path.open("xb") as file:
        share(path)
        for chunk in data:
            file.write(chunk)
        file.flush()
        # The folder first: on FAT this also writes the list of the file's clusters. A power cut
        # between the two leaves an empty file, not one whose clusters count as free.
        sync_folder(path.parent)
        os.fsync(file.fileno())
        if sys.platform == "linux":
            # So that the file is read back from the card, not from memory.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def make_folder(folder: Path) -> None:
    """Creates a folder and its missing parents."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        share(folder)
        sync_folder(folder)  # on FAT, an unsynced new folder need not be empty
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Writes the names in a folder to the disk, if the system supports it."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        except OSError as error:
            if error.errno != errno.EINVAL:  # not supported by some network folders
                raise
        finally:
            os.close(number)


def lock(file: IO[Any], path: Path) -> None:
    """Locks an open file until it is closed or its process ends in any way.

    Args:
        file: the file.
        path: its place, for the message: a file that was opened by a number has that for a name.

    Raises:
        InputError: another process holds it.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise InputError(
            f"'{path}' is locked ({error.strerror}): is another install running?"
        ) from None
