"""Temporary files beside those that they will replace, and what killed processes left of them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

# A new file, and never one, or a link, that somebody has put there.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_NEW |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

_ENDING = ".tmp"
_RANDOM = 12


def open_temporary(target: Path) -> tuple[int, Path]:
    """Opens a new file beside a target, for its owner alone, and locks it while it is open.

    Returns:
        The descriptor and the path: a name that nobody can foresee, and short, for what may be 255
        bytes.

    Raises:
        OSError: it cannot be made.
    """
    while True:
        path = target.with_name(f"{_start(target)}{os.urandom(_RANDOM // 2).hex()}{_ENDING}")
        number = os.open(path, _NEW, 0o600)
        # Where there are no locks, nobody removes what is left either.
        if _locked(number) is not False and _is_there(number, path):
            return number, path
        os.close(number)  # another process took it for a left one, between the two steps


def remove_stale(target: Path) -> None:
    """Removes what killed processes left beside a target: files that nobody has locked."""
    _remove_all(target.parent, _start(target))


def remove_all_stale(folder: Path) -> None:
    """Removes what killed processes left in a folder, whatever its target."""
    _remove_all(folder, "")


def _remove_all(folder: Path, start: str) -> None:
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208
            with suppress(OSError):
                if _is_ours(name, start):
                    _remove(folder / name)


def usual_mode() -> int:
    """The mode of a new file by this process's umask."""
    mask = os.umask(0o077)  # in between, a file of another thread is at most too well kept
    os.umask(mask)
    return 0o666 & ~mask


def _start(target: Path) -> str:
    return f".{target.name[:40]}."


def _is_ours(name: str, start: str) -> bool:
    """Whether a name is that of a temporary file, of any target where `start` is empty."""
    begin, dot, middle = name.removesuffix(_ENDING).rpartition(".")
    return (
        name.endswith(_ENDING)
        and name.startswith(".")
        and (not start or begin + dot == start)
        and len(middle) == _RANDOM
        and all(digit in "0123456789abcdef" for digit in middle)
    )


def _remove(path: Path) -> None:
    number = os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0))
    try:
        if _locked(number):
            path.unlink()
    finally:
        os.close(number)


def _locked(number: int) -> bool | None:
    """Locks an open file until it is closed; False if another has; None without locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # such as a network's file system
        return None
    return True


def _is_there(number: int, path: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(number), os.lstat(path))
    return False
