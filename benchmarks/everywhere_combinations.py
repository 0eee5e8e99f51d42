"""The Pythons, packages and processors on which scores are compared."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.emulated import Device, build, parts

ROOT = Path(__file__).resolve().parents[1]
PYODIDE = ROOT / ".devices" / "pyodide" / "node_modules" / "pyodide"
CORE = "kd-edge-core"

NEWEST = "3.14"
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", NEWEST)
PROCESSORS = {"x86-64": "", "aarch64": "pi-64", "armv7l": "pi-32"}
"""Each with the emulated device that has it; "" for this machine."""

# LiteRT has no build for 3.9, what it replaces none after 3.11, and numpy 1 none after 3.12.
_NUMPY_1 = ("numpy<2", "onnxruntime", "tokenizers")
_NUMPY_2 = ("numpy>=2", "onnxruntime", "tokenizers")
_SETS = {
    "3.9": ((*_NUMPY_1, "tflite-runtime"), _NUMPY_2),
    "3.10": ((*_NUMPY_1, "tflite-runtime"), (*_NUMPY_2, "ai-edge-litert")),
    "3.11": ((*_NUMPY_1, "tflite-runtime"), (*_NUMPY_2, "ai-edge-litert")),
    "3.12": (_NUMPY_1, (*_NUMPY_2, "ai-edge-litert")),
    "3.13": ((*_NUMPY_2, "ai-edge-litert"),),
}
_ON_DEVICES = {"pi-64": ("current", "tflite"), "pi-32": ("tflite",)}
# Debians with other Pythons than the emulated devices have.
_DEBIANS = {"3.9": "bullseye", "3.13": "trixie"}
_WHEELS = {"": "manylinux*_x86_64", "pi-64": "manylinux*_aarch64", "pi-32": "manylinux*_armv7l"}


class CannotBeHadError(Exception):
    """Why a combination is not tested here, in words."""


@dataclass(frozen=True)
class Combination:
    """One Python on one processor, with packages beside the runtime.

    Attributes:
        python: such as "3.11".
        processor: one of `PROCESSORS`, or "WebAssembly".
        packages: what pip is asked for, or on a device the names of its folders; or `CORE` alone.
    """

    python: str
    processor: str
    packages: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of emulated device; "" for this machine."""
        return PROCESSORS.get(self.processor, "")


def combinations() -> list[Combination]:
    """All, also those that cannot be had here."""
    wanted = []
    for python in PYTHONS:
        sets = (*_SETS.get(python, ()), (CORE,)) if python != NEWEST else ()
        wanted += [Combination(python, "x86-64", one) for one in ((), *sets)]
    wanted.append(Combination(NEWEST, "WebAssembly"))
    for processor, kind in PROCESSORS.items():
        for python in PYTHONS if kind else ():
            sets = ((), (CORE,)) if python in _DEBIANS else ((),)
            if python == Device(kind).version:
                sets = ((), *((one,) for one in _ON_DEVICES[kind]), (CORE,))
            wanted += [Combination(python, processor, one) for one in sets]
    return wanted


class Runner:
    """Runs programs in a combination.

    Args:
        combination: which.
        runtime: the folder with the runtime's wheel, unpacked.
        work: a folder for what is installed.

    Raises:
        CannotBeHadError: there is no such Python, package or device here.
    """

    def __init__(self, combination: Combination, runtime: Path, work: Path) -> None:
        self._one, self.runtime = combination, runtime
        if combination.processor == "WebAssembly":
            self._command = _pyodide(runtime)
            self._path: list[Path] = []
        elif combination.kind:
            self._command = _emulated(combination, work)
            self._path = [runtime, *self._installed(work)]
        else:
            self._command = [interpreter(combination.python), "-s", "-S"]
            self._path = [runtime, *self._installed(work)]

    def run(self, program: Path, arguments: Sequence[object]) -> subprocess.CompletedProcess[str]:
        """Runs a program of this repository; a folder or file of it is named in full."""
        words = [str(program), *map(str, arguments)]
        kept = {name: one for name, one in os.environ.items() if not name.startswith("PYTHON")}
        if self._one.kind:
            kept = Device(self._one.kind).environment()
        if self._path:
            kept["PYTHONPATH"] = os.pathsep.join(map(str, self._path))
        else:  # Pyodide sees one folder only
            words = [word.replace(f"{ROOT}/", "/mounted/") for word in words]
            words[0] = words[0].replace("/mounted/", "")
        return subprocess.run(
            [*self._command, *words], capture_output=True, encoding="utf-8", env=kept, check=False
        )

    def _installed(self, work: Path) -> list[Path]:
        packages = self._one.packages
        if packages == (CORE,):
            return [_core(self._one, work)]
        if self._one.kind:
            return [Device(self._one.kind).packages(name) for name in packages]
        return [_installed(self._one, work)] if packages else []


@cache
def interpreter(version: str) -> str:
    """A Python of this machine, from PATH or pyenv.

    Raises:
        CannotBeHadError: there is none.
    """
    installed = Path.home().glob(f".pyenv/versions/{version}.*/bin/python")
    for found in [*filter(None, [shutil.which(f"python{version}")]), *map(str, installed)]:
        asked = "import sys; print('{}.{}'.format(*sys.version_info))"
        done = subprocess.run([found, "-c", asked], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return found
    raise CannotBeHadError(f"no Python {version} here")


def _installed(one: Combination, work: Path) -> Path:
    name = "-".join((one.python, *one.packages))
    folder = work / name.replace("<", "-to-").replace(">=", "-from-")
    if not folder.is_dir():
        new = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(new, ignore_errors=True)
        command = ["install", "--quiet", "--no-deps", "--no-compile", "--only-binary=:all:"]
        command += ["--disable-pip-version-check", "--python-version", one.python]
        command += ["--target", str(new), *one.packages]
        done = subprocess.run(
            [sys.executable, "-m", "pip", *command], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CannotBeHadError("pip found no such packages")
        new.rename(folder)
    return folder


def _core(one: Combination, work: Path) -> Path:
    wheels = sorted((ROOT / "dist").glob(f"kd_edge_core-*-{_WHEELS[one.kind]}.whl"))
    if not wheels:
        raise CannotBeHadError("no wheel of the core: run 'make wheels'")
    folder = work / f"core-{one.processor}"
    if not folder.is_dir():
        shutil.unpack_archive(wheels[-1], folder, "zip")
    return folder


def _emulated(one: Combination, work: Path) -> list[str]:
    """The Python of an emulated device, or of another Debian for the same processor."""
    device = Device(one.kind)
    if device.missing or device.version == one.python:
        if device.missing:
            raise CannotBeHadError(device.missing)
        return [str(device.python)]
    if one.python not in _DEBIANS:
        raise CannotBeHadError("no release of Debian has it")
    system = next(each for each in parts.SYSTEMS if each.name == one.kind)
    folder = work / f"{_DEBIANS[one.python]}-{system.architecture}"
    if not folder.is_dir():
        new = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(new, ignore_errors=True)
        _unpack_debian(new, system.architecture, one.python)
        new.rename(folder)
    emulator = [system.emulator, "-cpu", system.processor, "-L", str(folder)]
    return [*emulator, str(folder / "usr" / "bin" / f"python{one.python}"), "-s", "-S"]


def _unpack_debian(folder: Path, architecture: str, python: str) -> None:
    """Python and what it needs, unpacked; no program of it runs."""
    dump = ("apt-config", "dump", "--no-empty", "--format", '%F "%v";%n', "Acquire::http")
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as options:
        options.write(subprocess.run(dump, capture_output=True, text=True, check=True).stdout)
        options.flush()
        command = ["mmdebstrap", "--quiet", "--mode=chrootless", "--variant=extract"]
        command += [f"--include=python{python}-minimal,libpython{python}-stdlib"]
        command += [f"--architectures={architecture}", f"--aptopt={options.name}"]
        command += [_DEBIANS[python], str(folder), build._mirror()]
        done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise CannotBeHadError(f"Debian {_DEBIANS[python]} could not be fetched")
    shutil.rmtree(folder / "var")  # what apt has fetched
    if not (folder / "lib").exists():
        (folder / "lib").symlink_to("usr/lib")


def _pyodide(runtime: Path) -> list[str]:
    """A command that runs programs of a folder in CPython as WebAssembly."""
    node = shutil.which("node")
    if node is None or not PYODIDE.is_dir():
        raise CannotBeHadError("run 'make newer-python'")
    root = runtime / "root"
    for name in ("tests/conformance", "tests/support", "tests/bundles"):
        shutil.copytree(ROOT / name, root / name, dirs_exist_ok=True)
    (root / "benchmarks").mkdir(exist_ok=True)
    shutil.copy(ROOT / "benchmarks" / "everywhere_child.py", root / "benchmarks")
    shutil.copytree(runtime / "kd_edge_runtime", root / "kd_edge_runtime", dirs_exist_ok=True)
    return [node, str(ROOT / "tests" / "support" / "pyodide.mjs"), str(PYODIDE), str(root), "."]
