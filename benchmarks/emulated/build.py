"""Builds the emulated devices, each part once, and anew where its recipe has changed.

A part is made in a folder of another name and renamed when it is whole, so that whatever
stops the build leaves nothing half made. One build at a time; another waits.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.emulated import parts
from benchmarks.emulated.parts import System, Wheels

ROOT = Path(__file__).resolve().parents[2] / ".devices"
TOOLS = ("qemu-aarch64", "qemu-arm", "mmdebstrap")

# Names a mirror where the machine's own apt knows none of Debian's.
MIRROR = "KD_EDGE_DEBIAN_MIRROR"

_STAMP = ".recipe"

# Starts the guest's Python. Its own name stays argv[0], so that `sys.executable` is this
# program, and a child or a virtual environment of the guest starts in the emulator too.
_PROGRAM = """\
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec {emulator} -cpu {processor} -L "$here/../.." -0 "$0" "$here/{guest}" "$@"
"""


class BuildError(Exception):
    """Why the devices cannot be built here, in words."""


def absent_tools() -> list[str]:
    """The programs that emulation needs and this machine lacks."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def ready(name: str) -> bool:
    """Whether a part is there, whole and made by today's recipe."""
    part = next(one for one in (*parts.SYSTEMS, *parts.WHEELS) if one.name == name)
    try:
        return (ROOT / name / _STAMP).read_text(encoding="utf-8") == _recipe(part)
    except OSError:
        return False


def build(say: Callable[[str], None]) -> None:
    """Builds what is not ready.

    Args:
        say: takes one line for each part.

    Raises:
        BuildError: a tool, the Debian mirror or a package is missing.
    """
    if absent := absent_tools():
        raise BuildError(
            f"{', '.join(absent)}: not found. On Debian: apt-get install qemu-user mmdebstrap"
        )
    with _locked(say):
        for system in parts.SYSTEMS:
            _part(system, lambda folder, system=system: _system(folder, system), say)
        for wheels in parts.WHEELS:
            _part(wheels, lambda folder, wheels=wheels: _wheels(folder, wheels), say)


def _recipe(part: System | Wheels) -> str:
    """What a part was made by: its description and this module."""
    made_by = Path(__file__).read_bytes() + parts.CPUINFO.encode()
    return f"{part!r} {hashlib.sha256(made_by).hexdigest()}\n"


def _part(part: System | Wheels, make: Callable[[Path], None], say: Callable[[str], None]) -> None:
    if ready(part.name):
        return
    started = time.monotonic()
    final, folder = ROOT / part.name, ROOT / f"{part.name}.part"
    for old in (final, folder):
        if old.exists():
            shutil.rmtree(old)
    folder.mkdir(parents=True)
    make(folder)
    (folder / _STAMP).write_text(_recipe(part), encoding="utf-8")
    folder.rename(final)
    say(f"{part.name}: {time.monotonic() - started:.0f} s")


def _system(folder: Path, system: System) -> None:
    """Unpacks a Debian of another architecture; no program of it runs."""
    with tempfile.TemporaryDirectory() as scratch:
        options = Path(scratch) / "apt.conf"
        dump = ("apt-config", "dump", "--no-empty", "--format", '%F "%v";%n')
        options.write_text(_output((*dump, "Acquire::http", "Acquire::https")))
        _run(
            "mmdebstrap",
            "--quiet",
            "--mode=chrootless",
            "--variant=extract",
            f"--architectures={system.architecture}",
            f"--include={','.join(system.included)}",
            f"--aptopt={options}",
            parts.RELEASE,
            str(folder),
            _mirror(),
        )
    for link, target in system.links:
        (folder / link).symlink_to(target)
    (folder / "proc").mkdir(exist_ok=True)
    cpuinfo = "".join(parts.CPUINFO.format(number=number) for number in range(parts.CORES))
    (folder / "proc" / "cpuinfo").write_text(cpuinfo)
    _programs(folder / "usr" / "bin", system)


def _programs(folder: Path, system: System) -> None:
    """Leaves in a system's folder of programs its Python only, which starts in the emulator."""
    name = f"python{parts.PYTHON}"
    for program in folder.iterdir():
        if program.name != name:
            program.unlink()
    guest = f"{name}.guest"
    (folder / name).rename(folder / guest)
    text = _PROGRAM.format(emulator=system.emulator, processor=system.processor, guest=guest)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    (folder / "python3").symlink_to(name)


def _wheels(folder: Path, wheels: Wheels) -> None:
    """Unpacks wheels. Byte code is written by the device, module by module, as it imports."""
    _run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-compile", "--only-binary=:all:"),
        *("--implementation=cp", f"--python-version={parts.PYTHON}"),
        *(f"--platform={platform}" for platform in wheels.platforms),
        *("--target", str(folder)),
        *wheels.requirements,
    )


def _mirror() -> str:
    """Where this machine's apt takes Debian from."""
    if named := os.environ.get(MIRROR):
        return named
    wanted = ("Label: Debian", "Origin: Debian")
    found = _output(("apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted)).split()
    if not found:
        raise BuildError(
            f"apt knows no Debian mirror here: run apt-get update, or name one in {MIRROR}"
        )
    return found[0]


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{command[0]} failed:\n{done.stderr.strip()[-2000:]}")


def _output(command: Sequence[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(f"{command[0]} failed: {error}") from None


@contextmanager
def _locked(say: Callable[[str], None]) -> Iterator[None]:
    """Holds the lock of the devices' folder, which the system drops with the process."""
    import fcntl  # not on Windows, where nothing is emulated

    ROOT.mkdir(exist_ok=True)
    with (ROOT / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build is running: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
