"""Files that are either whole or not there, and plain words where a disk refuses."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from typing import IO, Any

_WRITE_PROBLEMS = {
    errno.ENOSPC: "the disk is full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "the disk quota is used up",
    errno.EACCES: "you are not allowed to write there",
    errno.EPERM: "you are not allowed to write there",
    errno.EROFS: "the disk is read-only, maybe until it is checked (fsck)",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EEXIST: "a file of that name is in the way of a folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EISDIR: "a folder of that name is in the way",
    errno.ENOENT: "the folder is gone",
    errno.ENODEV: "the disk or card is gone",
    errno.ENXIO: "the disk or card is gone",
    errno.EIO: "the disk or card fails",
}


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
    with plain_write_errors(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
        if path.exists() and not path.is_file():
            # A rename would put a file in the place of a device, for everybody.
            raise InputError(f"cannot write '{path}': it is no ordinary file.")
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with _created(temporary, binary) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


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
        if words is None or (error.errno == errno.ENOENT and _elsewhere(error.filename, path)):
            raise
        raise InputError(f"cannot write '{path}': {words}.") from error


def share(path: Path) -> None:
    """Lets those read a file or folder who may read the folder that it is in, whatever the umask.

    What an administrator with a strict umask installs is read by services and by other users.
    """
    with suppress(OSError):  # FAT has no such modes
        mode, theirs = path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o055
        wanted = mode | (theirs if path.is_dir() else theirs & 0o044)
        if wanted != mode:
            path.chmod(wanted)


def _created(path: Path, binary: bool) -> IO[Any]:
    return path.open("wb") if binary else path.open("w", encoding="utf-8", newline="")


def _elsewhere(missing: object, path: Path) -> bool:
    """Whether what is missing is neither what is being written nor the folder it is in."""
    return (
        isinstance(missing, str)
        and Path(missing) not in (path, *path.parents)
        and Path(missing).parent.is_dir()
    )
