"""A command that fails before it has written anything leaves no folder that it made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def no_empty_folders(output: object) -> Iterator[None]:
    """Remove the empty folders that the block made at an output's place, if it fails.

    Args:
        output: the file or folder to write; anything but a path is none.
    """
    above = (output, *output.parents) if isinstance(output, Path) else ()
    missing = [path for path in above if not os.path.lexists(path)]
    try:
        yield
    except BaseException:
        if missing:
            inside = [Path(folder) for folder, _, _ in os.walk(missing[0], topdown=False)]
            for folder in (*inside, *missing):
                with suppress(OSError):  # it holds something, or is none
                    folder.rmdir()
        raise
