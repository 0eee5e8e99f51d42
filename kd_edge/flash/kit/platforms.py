"""The kinds of devices that kits are built for, and their wheels."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kd_edge_runtime.errors import InputError, KdEdgeError

# The C library of the system that comes with each Python: wheels that require a newer one do not
# run there. Raspberry Pi OS 11, 12 and 13 have 3.9, 3.11 and 3.13; Ubuntu 22.04 and 24.04 the
# others.
_OLDEST_GLIBC = 17
_GLIBC = {"3.9": 31, "3.10": 35, "3.11": 36, "3.12": 39, "3.13": 41}

PYTHONS = tuple(_GLIBC)
"""The versions of Python that a kit can be made for."""

BACKENDS = ("numpy", "tflite", "onnx")
"""The backends that a kit can contain; plain Python needs nothing."""


@dataclass(frozen=True)
class Platform:
    """A kind of device.

    Attributes:
        name: its name on the command line.
        machine: its name in the tags of wheels.
        bits: 32 or 64, of its Python: a 64-bit Pi can run a 32-bit system.
        core_machines: the names in the tags of the core's wheels. A 32-bit Pi is an ARMv7, or
            an ARMv6 like the Pi Zero.
    """

    name: str
    machine: str
    bits: int
    core_machines: tuple[str, ...]

    def runs_on(self, machine: str, bits: int) -> bool:
        """Whether wheels for this platform run on a device.

        Args:
            machine: as its kernel names it, e.g. "aarch64".
            bits: of its Python.
        """
        arm = ("aarch64", "arm64", "armv8l", "armv7l")
        ours = arm if self.machine in arm else ("x86_64", "amd64")
        return bits == self.bits and machine.lower() in ours


PLATFORMS = {
    platform.name: platform
    for platform in (
        Platform("pi-64", "aarch64", 64, ("aarch64",)),
        Platform("pi-32", "armv7l", 32, ("armv7l", "armv6l")),
        Platform("x86-64", "x86_64", 64, ("x86_64",)),
    )
}


def backend_projects(platform: Platform, python: str, backends: Sequence[str]) -> list[str]:
    """The projects that pip fetches for backends.

    Args:
        platform: the kind of device.
        python: its Python, e.g. "3.11".
        backends: any of `BACKENDS`.

    Raises:
        InputError: a package is not published for this platform.
    """
    small = platform.bits == 32
    if small and {"numpy", "onnx"} & set(backends):
        raise InputError(
            "numpy and ONNX Runtime are not published for pi-32: install the system's "
            "python3-numpy on the device, or use --backend tflite"
        )
    projects: list[str] = []
    for backend in backends:
        if backend == "numpy":
            projects += ["numpy"]
        elif backend == "onnx":
            projects += ["numpy", "onnxruntime"]
        elif small or python == "3.9":
            # Built against numpy 1; on 32-bit systems that numpy is the system's.
            projects += ["tflite-runtime"] if small else ["numpy<2", "tflite-runtime"]
        else:
            projects += ["numpy", "ai-edge-litert"]
    if "numpy<2" in projects:
        projects = [project for project in projects if project != "numpy"]
    return list(dict.fromkeys(projects))


def fetch(platform: Platform, python: str, projects: Sequence[str]) -> dict[str, bytes]:
    """Fetches wheels for a device with pip, from the package index configured here.

    Dependencies of the projects are left out: scoring imports none of them.

    Args:
        platform: the kind of device.
        python: its Python, e.g. "3.11".
        projects: as pip takes them, e.g. "numpy<2".

    Returns:
        The wheels by their files' names.

    Raises:
        InputError: kits cannot be made for this version of Python.
        KdEdgeError: pip is missing, or found nothing that fits.
    """
    if python not in PYTHONS:
        known = f"{PYTHONS[0]} to {PYTHONS[-1]}"
        raise InputError(f"packages are fetched for Python {known}, not for {python}")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    command += ["--no-deps", "--only-binary=:all:", "--implementation=cp"]
    command += [f"--python-version={python}"]
    command += [f"--platform={tag}" for tag in _tags(platform, python)]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603
            [*command, "--dest", folder, *projects],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            wanted = ", ".join(projects)
            raise KdEdgeError(
                f"pip could not fetch {wanted} for {platform.name} and Python {python} "
                f"({_why(done.stderr)})"
            )
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def _tags(platform: Platform, python: str) -> list[str]:
    newest = _GLIBC[python]
    tags = [
        f"manylinux_2_{minor}_{platform.machine}" for minor in range(newest, _OLDEST_GLIBC - 1, -1)
    ]
    # pip derives the older names from this one.
    return [*tags, f"manylinux2014_{platform.machine}"]


def _why(stderr: str) -> str:
    errors = re.findall(r"^ERROR: (.*)$", stderr, re.MULTILINE)
    lines = errors or stderr.strip().splitlines() or ["pip did not say why"]
    # An index's address may hold a password.
    return re.sub(r"\b\w+://\S+", "…", lines[-1].strip())
