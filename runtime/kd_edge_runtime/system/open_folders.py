"""Folders in which anybody may put or replace files."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Callable

from kd_edge_runtime.errors import note


def warn_of_open_root(root: Path, say: Callable[[str], object] = note) -> None:
    """Warns of a root into which anybody may put bundles: the newest is what is scored with.

    It is not refused: a card or stick may be mounted so that all of it looks like that.
    """
    folder = writable_by_all(root)
    if folder is not None:
        say(
            f"Warning: anybody may write into '{folder}', and so put a bundle into '{root}': take "
            "that right away (chmod o-w), or choose another folder (--root)"
        )


def writable_by_all(folder: Path, *, sticky_is_safe: bool = False) -> Path | None:
    """The folder, or the one above it, through which anybody may change what is in it.

    In a sticky folder, such as /tmp, anybody may add files, and nobody replaces those of others.

    Args:
        folder: a folder; what does not exist counts as safe.
        sticky_is_safe: whether it does no harm that others add files to this one.
    """
    if os.name != "posix":  # there the mode says nothing
        return None
    path = os.path.abspath(folder)  # noqa: PTH100 (a link's own folder counts too)
    safe = sticky_is_safe
    while True:
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116
        except OSError:
            mode = 0
        if mode & stat.S_IWOTH and not (safe and mode & stat.S_ISVTX):
            return Path(path)
        above = os.path.dirname(path)  # noqa: PTH120
        if above == path:
            return None
        path, safe = above, True  # what is there already is not replaced in a sticky folder
