"""Puts a kit's runtime into a device's folder.

It is in `runtime/<number>-<kit>-<python>-<machine>/`, unpacked and byte-compiled. A new one is
built beside the old one, read back, started once, and then marked as complete by an empty file;
the launcher uses the highest number with this mark. Nothing in use is overwritten or renamed, so
that a device has a complete runtime at any moment, also on FAT.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Callable

from kd_edge.flash.device.disk import (
    SUMS,
    Refused,
    hash_uncached,
    intact,
    locked,
    make_folder,
    same_folder,
    share,
    sums,
    sync_folder,
    write_synced,
)
from kd_edge.flash.device.kit import core_wheel, device_tag, is_core, runs_on
from kd_edge.flash.device.unpack import put, unpack

MARK = "whole"
"""The empty file that marks a runtime as read back and started once."""

_LAUNCHER = """\
#!/bin/sh
# Runs the newest whole kd-edge of this folder's runtime/.
root={root}
for one in "$root"/runtime/[0-9]*; do
    [ ! -f "$one/whole" ] || lib=$one
done
KD_EDGE_ROOT=${{KD_EDGE_ROOT:-$root}}
PYTHONPATH=$lib${{PYTHONPATH:+:$PYTHONPATH}}
export KD_EDGE_ROOT PYTHONPATH
exec {python} "$lib/kd-edge" "$@"
"""

_START = "from kd_edge_runtime.__main__ import main\n\nmain()\n"

# The card may be in another Pi by now. The loader takes a core for an ARMv7 on an ARMv6 too, where
# it dies at its first instruction.
_START_WITH_CORE = """\
import os
import sys

if os.uname().machine not in {machines}:
    sys.modules["kd_edge_core"] = None

"""

Say = Callable[[str], object]


def install_runtime(kit: dict[str, bytes], root: Path, say: Say) -> None:
    """Puts a kit's runtime, if it is not there yet, and the launcher into a device's folder.

    Args:
        kit: from `kit.open_kit`.
        root: the device's folder, which exists.
        say: shows a line of progress.

    Raises:
        Refused: it does not work here, or another installation is running.
        OSError: the disk fails.
    """
    folder = root / "runtime"
    make_folder(folder)
    with same_folder(root), locked(folder / "lock", "another install into this folder is going on"):
        name = f"{hashlib.sha256(kit[SUMS]).hexdigest()[:12]}-{device_tag()}"
        lib = newest(root)
        if not (lib and lib.name.endswith(name) and intact(lib)):
            number = _free_number(folder)
            _remove_others(folder, lib)  # remains of an interrupted installation may fill the disk
            lib = folder / f"{number:06d}-{name}"
            try:
                _build(kit, lib, say)
            except BaseException:
                shutil.rmtree(lib, ignore_errors=True)
                raise
        if not has_launcher(root):
            _write_launcher(root)
        _remove_others(folder, lib)


def newest(root: Path) -> Path | None:
    """The runtime that a device's launcher uses; None if there is none."""
    complete = sorted(mark.parent for mark in (root / "runtime").glob(f"[0-9]*/{MARK}"))
    return complete[-1] if complete else None


def installed(root: Path) -> str:
    """The kit and `device_tag` of a device's runtime, "<kit>-<tag>"; "" if it is not complete."""
    lib = newest(root)
    return lib.name.partition("-")[2] if lib and has_launcher(root) and intact(lib) else ""


def has_launcher(root: Path) -> bool:
    """Whether a device's launcher exists and is intact."""
    with contextlib.suppress(OSError):
        return (root / "kd-edge").read_bytes() == _launcher(root)
    return False


def _free_number(folder: Path) -> int:
    taken = [path.name.partition("-")[0] for path in folder.iterdir()]
    return 1 + max((int(number) for number in taken if number.isdigit()), default=0)


def _remove_others(folder: Path, kept: Path | None) -> None:
    for other in folder.iterdir():
        if other.is_dir() and other != kept:
            shutil.rmtree(other, ignore_errors=True)


def _build(kit: dict[str, bytes], lib: Path, say: Say) -> None:
    lib.mkdir()
    hashes: dict[str, str] = {}
    for name, data in kit.items():
        if name.endswith(".whl") and not is_core(name):
            say(f"unpacking {name.partition('-')[0]}")
            unpack(data, lib, hashes)
    core = any(map(is_core, kit)) and _add_core(kit, lib, hashes, say)
    start = _START_WITH_CORE.format(machines=runs_on(core_wheel(kit))) if core else ""
    put(lib, "kd-edge", f"{start}{_START}".encode("ascii"), hashes)
    write_synced(lib / SUMS, sums(hashes))
    share(lib)
    for folder, folders, files in os.walk(lib):
        for name in (*folders, *files):
            share(Path(folder, name))
        sync_folder(Path(folder))
    say("reading back")
    if not intact(lib):
        raise Refused("the disk returns other data than was written")
    if not _imports("kd_edge_runtime.cli.group", lib):
        raise Refused("the runtime does not start with this device's Python")
    write_synced(lib / MARK, b"")
    share(lib / MARK)
    sync_folder(lib)
    sync_folder(lib.parent)


def _add_core(kit: dict[str, bytes], lib: Path, hashes: dict[str, str], say: Say) -> bool:
    """Unpacks the core, where there is one for this device, and it loads; whether it does."""
    name = core_wheel(kit)
    if not name:
        say("this kit's kd_edge_core is for other processors: plain Python will score")
        return False
    say("unpacking kd_edge_core")
    own: dict[str, str] = {}
    unpack(kit[name], lib, own)
    if _imports("kd_edge_core", lib):
        hashes.update(own)
        return True
    say("kd_edge_core does not start on this device: plain Python will score")
    for folder in {file.partition("/")[0] for file in own}:
        shutil.rmtree(lib / folder)
    return False


def _imports(module: str, lib: Path) -> bool:
    """Whether a module can be imported; tried in a forked process, in case it crashes."""
    child = os.fork()
    if not child:
        try:
            sys.path.insert(0, str(lib))
            import_module(module)

            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _launcher(root: Path) -> bytes:
    # Where no Python is named python3, the one that runs this.
    python = "python3" if shutil.which("python3") else shlex.quote(sys.executable)
    return _LAUNCHER.format(root=shlex.quote(str(root)), python=python).encode("utf-8")


def _write_launcher(root: Path) -> None:
    new = root / ".kd-edge.new"
    write_synced(new, _launcher(root))
    new.chmod(0o755)
    new.replace(root / "kd-edge")
    sync_folder(root)
    if hash_uncached(root / "kd-edge") != hashlib.sha256(_launcher(root)).hexdigest():
        raise Refused("the disk returns other data than was written")
