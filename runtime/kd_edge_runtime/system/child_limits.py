"""Limits of a child process that tries a graph: memory, processor time, no dump of its memory."""

from __future__ import annotations

import os
from contextlib import suppress

# Bytes that a child may hold: enough for any package and any student that is written.
MEMORY = 2 << 30


def limit(seconds: float) -> None:
    """Limits this process, where the system can.

    Args:
        seconds: processor time.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    memory = MEMORY
    with suppress(ValueError, OSError, AttributeError):
        memory = min(memory, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    limits = {"RLIMIT_CORE": 0, "RLIMIT_CPU": int(seconds) + 1, "RLIMIT_DATA": memory}
    for name, most in limits.items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        with suppress(ValueError, OSError):  # a system may not let it be lowered
            hard = resource.getrlimit(number)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(number, (least, least))
