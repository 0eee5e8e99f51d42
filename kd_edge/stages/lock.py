"""Locks, by which two processes do not make the same files at once.

A lock is the system's own: it ends with its process, whatever ends that, so that no file that was
left, of a process that is dead, whose number another has, or whose clock was wrong, holds anybody
up. Only where a file system has no locks does what the file says decide.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from kd_edge_runtime.errors import InputError, printable
from kd_edge_runtime.files import open_in_place, plain_write_errors

_LINE = re.compile(
    r" on (?P<host>.+), process (?P<process>\d+), since [^(]*(?:\(tick (?P<start>\d+)\))?$"
)


@contextmanager
def held(output: Path, work: str) -> Iterator[None]:
    """Keep other processes from making a file or folder until the block ends.

    The lock is `.<name>.lock` beside it, and is gone afterwards.

    Args:
        output: the file or folder.
        work: what is done, in a word, for the message that another process gives.

    Raises:
        InputError: another process is making it; or its folder cannot be written into.
    """
    path = output.parent / f".{output.name}.lock"
    with plain_write_errors(output):
        path.parent.mkdir(parents=True, exist_ok=True)
        file, _ = locked(
            path,
            lambda holder: (
                f"{output}: another process is at work on it ({holder}). Wait for it, stop it, or "
                "give another place with -o"
            ),
            work,
        )
    try:
        yield
    finally:
        unlock(file, path)


def locked(path: Path, busy: Callable[[str], str], work: str = "") -> tuple[IO[bytes], str]:
    """Lock a file, made if missing, and write into it who has it.

    Args:
        path: the file.
        busy: the message if another process has it, given who that is.
        work: what is done.

    Returns:
        The open file, for `unlock`; and who had it before and did not unlock it, "" for nobody.

    Raises:
        InputError: another process has it.
        OSError: it cannot be opened or written, or is a link.
    """
    while True:
        file = open_in_place(path)
        try:
            free = _try(file)
            left = printable(file.read(500).decode("utf-8", "replace").strip())
            if free is None:
                free = _is_left(left)
                if not free:
                    left += f"; if it is not at work any more, remove '{path.name}'"
            if not free:
                raise InputError(busy(left or "unknown"))
            # It may have been removed by its last owner between the two steps.
            with suppress(OSError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    break
        except BaseException:
            file.close()
            raise
        file.close()
    file.seek(0)
    file.truncate(0)
    file.write(f"{work}{' by ' * bool(work)}{_line()}".encode("utf-8", "replace"))
    return file, left


def unlock(file: IO[bytes], path: Path) -> None:
    """Unlock a file and remove it."""
    with file, suppress(OSError):
        file.truncate(0)  # Windows removes no open file
        path.unlink()


def _try(file: IO[bytes]) -> bool | None:
    """Locks an open file until it is closed: whether nobody else has; None without locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # such as some networks' file systems
        return None
    return True


def _is_left(line: str) -> bool:
    """Whether what a lock says is of a process of this machine that is no more."""
    found = _LINE.search(line)
    if not found:
        return not line
    number = int(found["process"])
    if found["host"] != socket.gethostname():
        return False
    return not _lives(number) or found["start"] not in _start(number)


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's
        return True
    return True


def _start(number: int) -> tuple[str | None, ...]:
    """When a process began, in ticks since the machine did; and None, for who did not know."""
    with suppress(OSError, IndexError):
        told = Path(f"/proc/{number}/stat").read_text(encoding="ascii", errors="replace")
        return (None, told.rpartition(")")[2].split()[19])
    return (None,)


def _line() -> str:
    number = os.getpid()
    now = datetime.now(timezone.utc).astimezone().isoformat(" ", "seconds")
    tick = "".join(f" (tick {one})" for one in _start(number) if one)
    return f"{_user()} on {socket.gethostname()}, process {number}, since {now}{tick}\n"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a number without a name
        return "somebody"
