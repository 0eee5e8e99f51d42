"""Limits of a child process that tries a graph: what it may take, write and read.

Memory, processor time, no dump of its memory, no file that it could write to, and, where the
process is the system's administrator, the rights of nobody.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

# Bytes that a child may hold: enough for any package and any student that is written.
MEMORY = 2 << 30

# The user and the group that systems give to those who have no rights.
_NOBODY = 65534


def limit(seconds: float) -> None:
    """Limits this process, where the system can.

    Args:
        seconds: processor time.
    """
    if os.name == "nt":
        return
    memory = MEMORY
    with suppress(ValueError, OSError, AttributeError):
        memory = min(memory, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    _lower({"RLIMIT_CORE": 0, "RLIMIT_CPU": int(seconds) + 1, "RLIMIT_DATA": memory})


def _lower(limits: dict[str, int]) -> None:
    import resource

    for name, most in limits.items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        with suppress(ValueError, OSError):  # a system may not let it be lowered
            hard = resource.getrlimit(number)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(number, (least, least))


def no_dumps() -> None:
    """Lets the system keep no dump of this process's memory, which holds responses, if it crashes.

    KD_EDGE_DEBUG=1 leaves the limit as it is, for who looks for the cause.
    """
    if os.name != "nt" and not os.environ.get("KD_EDGE_DEBUG"):
        _lower({"RLIMIT_CORE": 0})


def drop_rights() -> None:
    """Lets this process write no file; and gives up an administrator's rights.

    These only if all that may still be imported can be read without. To be called once the packages
    that run a graph are there, which may write as they are imported.
    """
    if os.name == "nt":
        return
    sys.dont_write_bytecode = True
    _lower({"RLIMIT_FSIZE": 0})
    if os.geteuid():
        return
    packages = (getattr(one, "__file__", None) for one in _loaded())
    if all(map(_is_open, filter(None, [*sys.path, *packages]))):
        with suppress(OSError, AttributeError):  # a container may not let it
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _loaded() -> list[ModuleType]:
    """Modules of packages, each of which may yet import others that lie beside it."""
    return [one for one in [*sys.modules.values()] if getattr(one, "__path__", None)]


def _is_open(name: str) -> bool:
    """Whether everybody may read a folder of packages, or a zip of them; or there is none."""
    path = Path(name).absolute()
    if not path.exists():
        return True
    wanted = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
    return path.stat().st_mode & wanted == wanted and all(
        parent.stat().st_mode & stat.S_IXOTH for parent in path.parents
    )
