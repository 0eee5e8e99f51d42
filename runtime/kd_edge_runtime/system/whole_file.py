"""Small files that are read whole: never one that has no end, or whose end nobody writes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from kd_edge_runtime.errors import InputError, not_a_file, read_error


def refuse_non_file(path: Path) -> None:
    """Refuse a pipe, a terminal or a device, which might be waited for without end.

    What is not there, and a folder, are left to whoever opens it.

    Raises:
        InputError: it is one.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    wrong = not_a_file(path, mode)
    if wrong and not stat.S_ISDIR(mode):
        raise wrong


def read_whole(path: Path, most: int) -> bytes:
    """The bytes of a small file that the user named.

    Args:
        path: the file.
        most: the most bytes that such a file has.

    Raises:
        InputError: it cannot be read, is no regular file, or is larger.
    """
    try:
        # Opening a pipe would wait for somebody who writes.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise read_error(path, error) from None
    except ValueError:
        raise InputError(f"{str(path)!r} is not a possible file name") from None
    try:
        wrong = not_a_file(path, os.fstat(number).st_mode)
        if wrong:
            raise wrong
        with open(number, "rb", closefd=False) as file:
            data = file.read(most + 1)
    except OSError as error:
        raise read_error(path, error) from None
    finally:
        os.close(number)
    if len(data) > most:
        raise InputError(f"{path}: it has more than {most:,} bytes: is it the right file?")
    return data
