"""Standard streams that are full, closed or gone: looked at where something went wrong."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def stand_in(errors: str) -> None:
    """Puts something in the place of standard streams that are closed.

    A file that is opened while standard output is closed gets its number, and then what is printed.

    Args:
        errors: how the new streams treat what cannot be encoded, as `open` takes it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            # Read-only for output too, so that writing to it fails instead of getting lost.
            free = os.open(os.devnull, os.O_RDWR if number == 2 else os.O_RDONLY)
            if free == number > 0:
                setattr(sys, name, open(free, "w", encoding="utf-8", errors=errors))  # noqa: PTH123, SIM115


def discard(stream: object) -> None:
    """Lets what a stream still holds go nowhere."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]
