"""Refuses what cannot be written before the work, which may take hours, and not after it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import plain_write_errors, refuse_missing_folder, refuse_protected
from kd_edge_runtime.system.temporary import open_temporary


def refuse_unwritable_file(path: Path) -> None:
    """Refuse a file that `atomic_write` could not write, though the disk may fill up later.

    Raises:
        InputError: its folder is missing or may not be written into, there is a folder of that
            name, or the file is read-only.
    """
    with plain_write_errors(path):
        refuse_missing_folder(path)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
        refuse_protected(path)
        target = Path(os.path.realpath(path))
        if os.path.lexists(target) and not target.is_file():
            raise InputError(f"cannot write '{path}': it is not a regular file.")
        _try(target)


def refuse_unwritable_folder(path: Path) -> None:
    """Refuse a folder that may not be written into, or could not be made with those above it.

    Raises:
        InputError: one of them may not be written into, or is a file.
    """
    with plain_write_errors(path):
        there = path
        while not os.path.lexists(there) and there != there.parent:
            there = there.parent
        if there == path and not there.is_dir():
            raise InputError(f"'{path}' is a file; name a folder, or one that is not there yet.")
        _try(there / "folder")


def _try(target: Path) -> None:
    """Makes a file beside a target, and removes it.

    Raises:
        OSError: it cannot be made.
    """
    try:
        number, temporary = open_temporary(target)
    except FileNotFoundError as error:
        # The folder is going, or is one such as /proc; the temporary name would tell nobody.
        raise FileNotFoundError(error.errno, "") from None
    os.close(number)
    temporary.unlink()
