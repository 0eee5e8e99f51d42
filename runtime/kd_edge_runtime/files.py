"""Files that are written completely or not at all, and plain messages for disk errors."""

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
    errno.EROFS: "the disk is read-only; it may need a check (fsck)",
    errno.ENOTDIR: "part of the path is a file, not a folder",
    errno.EEXIST: "there is a file where a folder is needed",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EISDIR: "there is a folder of that name",
    errno.ENOENT: "the folder no longer exists",
    errno.ENODEV: "the disk or card was removed",
    errno.ENXIO: "the disk or card was removed",
    errno.EIO: "the disk or card reports an error",
}


@contextmanager
def atomic_write(path: Path, *, binary: bool = False) -> Iterator[IO[Any]]:
    """Write a file completely or not at all: a temporary file beside it, fsync, then a rename.

    Text is written as UTF-8, and line ends are not translated on any platform.

    Args:
        path: the file; its folder is created if missing.
        binary: whether to write bytes rather than text.

    Yields:
        The open temporary file.

    Raises:
        InputError: the disk is full, or the file may not be written.
    """
    with plain_write_errors(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
        if path.exists() and not path.is_file():
            # A rename would replace a device such as /dev/null for the whole system.
            raise InputError(f"cannot write '{path}': it is not a regular file.")
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with _open_new(temporary, binary) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def plain_write_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into a plain message.

    Args:
        path: the path being written, as the user gave it.

    Raises:
        InputError: instead of the `OSError` that the block raised.
    """
    try:
        yield
    except OSError as error:
        problem = _WRITE_PROBLEMS.get(error.errno or 0)
        if problem is None or (error.errno == errno.ENOENT and _unrelated(error.filename, path)):
            raise
        raise InputError(f"cannot write '{path}': {problem}.") from error


def share(path: Path) -> None:
    """Lets everybody who may read the parent folder read a file or folder, whatever the umask.

    What an administrator with a strict umask installs can then be read by services and other users.
    """
    with suppress(OSError):  # FAT has no such modes
        mode, parent_mode = path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o055
        wanted = mode | (parent_mode if path.is_dir() else parent_mode & 0o044)
        if wanted != mode:
            path.chmod(wanted)


def _open_new(path: Path, binary: bool) -> IO[Any]:
    return path.open("wb") if binary else path.open("w", encoding="utf-8", newline="")


def _unrelated(missing: object, path: Path) -> bool:
    """Whether the missing path is neither the one being written nor a folder above it."""
    return (
        isinstance(missing, str)
        and Path(missing) not in (path, *path.parents)
        and Path(missing).parent.is_dir()
    )
