"""Where the installed bundles are if nobody names another place."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def default_root() -> Path:
    """The root if none is named; see README.md.

    A user without a home folder (a service, a bare user number in a container), or with one that
    is not there or somebody else's, has the system's.
    """
    from_environment = os.environ.get("KD_EDGE_ROOT")
    if from_environment:
        return Path(from_environment)
    system = Path("/var/lib/kd-edge")
    # os.path, as pathlib raises where a folder above may not be entered, and without a home.
    if sys.platform != "win32" and (os.path.isdir(system) or os.geteuid() == 0):  # noqa: PTH112
        return system
    data = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_DATA_HOME")
    home = os.path.expanduser("~")  # noqa: PTH111
    if not data and not (os.path.isabs(home) and os.access(home, os.X_OK)):  # noqa: PTH117
        return system
    return Path(data or Path(home, ".local", "share")) / "kd-edge"
