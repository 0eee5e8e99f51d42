"""Makes the device's runtime switch to a bundle, and reads back the current one."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kd_edge.flash.device.disk import Refused, hash_uncached


def find_runtime(root: Path) -> tuple[list[str], str]:
    """Finds the command for `kd-edge` on this device, and the current bundle.

    Args:
        root: the device's folder.

    Returns:
        The words of the command, empty if no runtime with slots is installed; and the sha256 (hex)
        of the current bundle, "" if there is none.
    """
    commands = [launcher(root)] if (root / "kd-edge").is_file() else []
    places = [shutil.which("kd-edge"), os.path.expanduser("~/.local/bin/kd-edge")]  # noqa: PTH111
    commands += [[place] for place in places if place and Path(place).is_file()]
    commands += [[python(), "-m", "kd_edge_runtime"]]
    for command in commands:
        with contextlib.suppress(OSError):
            done = _run([*command, "status", "--root", str(root), "--json"])
            # It ends with another code where a bundle is damaged, which an install mends.
            if done.returncode == 0 or '"slots"' in done.stdout:
                return command, _current_hash(done.stdout, root)
    return [], ""


def launcher(root: Path) -> list[str]:
    """The command for the runtime in a device's folder; by sh, as FAT has no executable files."""
    return ["sh", str(root / "kd-edge")]


def python() -> str:
    """The Python that runs this: `python3` need not be the name of one."""
    return shutil.which("python3") or sys.executable


def current_file(command: Sequence[str], root: Path) -> str:
    """The name of the current bundle's file in a folder with slots; "" for none."""
    return _current(_run([*command, "status", "--root", str(root), "--json"]).stdout)


def switch(command: Sequence[str], bundle: Path, root: Path, allow_older: bool = False) -> str:
    """Installs a bundle, if asked also one that is older than the one in use.

    Returns:
        The sha256 (hex) of the current bundle, read back.

    Raises:
        Refused: the runtime refuses the bundle; the message gives its reason.
    """
    older = ["--allow-older"] if allow_older else []
    done = _run([*command, "install", str(bundle), "--root", str(root), "--json", *older])
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["the runtime did not say why"]
        raise Refused(lines[-1].replace("Error: ", "", 1))
    return _current_hash(done.stdout, root)


def default_root(wheel: Path) -> Path:
    """The runtime's default folder, according to its wheel."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from kd_edge_runtime.slots.root import default_root; print(default_root())"
    )
    done = _run([python(), "-B", "-c", code, str(wheel)])
    if done.returncode:
        raise Refused("the runtime does not start with this device's Python")
    return Path(done.stdout.strip())


def _current_hash(status: str, root: Path) -> str:
    file = _current(status)
    with contextlib.suppress(OSError):
        return hash_uncached(root / file) if file else ""
    return ""


def _current(status: str) -> str:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        for slot in json.loads(status)["slots"]:
            if slot["current"]:
                return str(slot["file"])
    return ""


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd="/",  # so that -m and -c import nothing from the user's folder
        text=True,
        errors="replace",
        check=False,
    )
