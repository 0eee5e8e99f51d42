"""Files that are written completely or not at all, and plain messages for disk errors."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import WRITABLE, InputError
from kd_edge_runtime.system.temporary import open_temporary, remove_stale, usual_mode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, Any


@contextmanager
def atomic_write(
    path: Path,
    *,
    binary: bool = False,
    encoding: str = "utf-8",
    errors: str = WRITABLE,
    private: bool = False,
) -> Iterator[IO[Any]]:
    """Write a file completely or not at all: a temporary file beside it, fsync, then a rename.

    Line ends are not translated on any platform. A link stays one, and what it leads to is
    replaced; a file that is there hands on its mode and, where that is allowed, its owner. A
    temporary file is for its owner alone, and what a killed process left of one is removed.

    Args:
        path: the file, in an existing folder.
        binary: whether to write bytes rather than text.
        encoding: of text.
        errors: what to do with what the encoding lacks, as `open` takes it.
        private: whether a file that is new stays for its owner alone: it holds responses.

    Yields:
        The open temporary file.

    Raises:
        InputError: the disk is full, the file may not be written, or its folder is missing.
    """
    with plain_write_errors(path):
        target = Path(_target(path))
        before = _before(target, path)
        remove_stale(target)
        number, temporary = open_temporary(target)
        try:
            if before:
                _hand_on(before, number)
            with _opened(number, binary, encoding, errors) as file:
                yield file
                file.flush()
                if before is None and not private:
                    _for_others_too(number)
                os.fsync(number)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


# Of what lies in a folder that others may write into: no link is followed, no pipe is waited for.
_IN_PLACE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_in_place(path: Path, mode: int = 0o666) -> IO[bytes]:
    """Opens a file to write into where it lies, made if missing; never one that a link leads to.

    Args:
        path: the file.
        mode: of a file that is made, less what the umask takes away.

    Raises:
        OSError: it is a link, whoever put it there, or cannot be opened.
    """
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | _IN_PLACE, mode), "r+b", 0)


def read_in_place(path: str | Path, most: int) -> bytes:
    """The first bytes of a file; of a link or of what is no file, none are read.

    Args:
        path: the file.
        most: bytes that are read of it.

    Raises:
        OSError: it is a link, or no file, or cannot be read.
    """
    number = os.open(path, os.O_RDONLY | _IN_PLACE)
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(path))
        return os.read(number, most)
    finally:
        os.close(number)


def refuse_missing_folder(path: Path) -> None:
    """Refuse a file whose folder is not there: nobody asked for one, and it may be a slip.

    Raises:
        InputError: with the folder's name.
    """
    folder = os.path.dirname(_target(path)) or "."  # noqa: PTH120
    if not os.path.exists(folder):  # noqa: PTH110
        shown = folder if path.is_symlink() else path.parent
        raise InputError(
            f"cannot write '{path}': there is no folder '{shown}'. Make it first, or give "
            "another place"
        )


def refuse_protected(path: Path) -> None:
    """Refuse to write over a file that somebody has made read-only, whoever asks for it.

    Raises:
        InputError: nobody, or not this user, may write into the file.
    """
    try:
        found = path.stat()
    except OSError:  # not there, or met when it is opened
        return
    is_file = stat.S_ISREG(found.st_mode)
    if is_file and not (found.st_mode & 0o222 and os.access(path, os.W_OK)):
        raise InputError(
            f"cannot write '{path}': the file is read-only; give another name, or make it writable."
        )


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
        from kd_edge_runtime.system.disk_words import advice, disk_words

        words = disk_words(error)
        if words is None or (error.errno == errno.ENOENT and _unrelated(error.filename, path)):
            raise
        raise InputError(f"cannot write '{path}': {words}; {advice(error)}.") from error


def share(path: Path) -> None:
    """Lets everybody who may read the parent folder read a file or folder, whatever the umask.

    What an administrator with a strict umask installs can then be read by services and other users.
    """
    with suppress(OSError):  # FAT has no such modes
        mode, parent_mode = path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o055
        wanted = mode | (parent_mode if path.is_dir() else parent_mode & 0o044)
        if wanted != mode:
            path.chmod(wanted)


def _target(path: Path) -> str:
    """What a link leads to, and any other path as it is."""
    return os.path.realpath(path) if path.is_symlink() else os.fspath(path)


def _before(target: Path, path: Path) -> os.stat_result | None:
    """The state of the file that is to be replaced, or None; refuses what is no file."""
    try:
        # A pipe under /proc is nowhere, but what leads there can be asked.
        through = path.stat() if path.is_symlink() else None
    except OSError:  # what is not there yet; a circle is met below
        through = None
    try:
        found = through or target.lstat()
    except FileNotFoundError:
        refuse_missing_folder(path)
        return None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "")
    if not stat.S_ISREG(found.st_mode):
        # A rename would replace a device such as /dev/null for the whole system.
        circle = stat.S_ISLNK(found.st_mode)
        why = "the link leads to itself" if circle else "it is not a regular file"
        raise InputError(f"cannot write '{path}': {why}.")
    return found


def _opened(number: int, binary: bool, encoding: str, errors: str) -> IO[Any]:
    if binary:
        return open(number, "wb")
    return open(number, "w", encoding=encoding, errors=errors, newline="")


def _for_others_too(number: int) -> None:
    if hasattr(os, "fchmod"):
        with suppress(OSError):  # a card's FAT has no modes
            os.fchmod(number, usual_mode())


def _hand_on(before: os.stat_result, number: int) -> None:
    """Gives an open file the owner, where this user may, and the mode of the one it replaces."""
    if hasattr(os, "fchown"):
        mine = os.fstat(number)
        if (mine.st_uid, mine.st_gid) != (before.st_uid, before.st_gid):
            with suppress(OSError):
                os.fchown(number, before.st_uid, before.st_gid)
        with suppress(OSError):  # a card's FAT has no modes
            os.fchmod(number, stat.S_IMODE(before.st_mode))


def _unrelated(missing: object, path: Path) -> bool:
    """Whether the missing path is neither the one being written nor a folder above it."""
    return (
        isinstance(missing, str)
        and Path(missing) not in (path, *path.parents)
        and Path(missing).parent.is_dir()
    )
