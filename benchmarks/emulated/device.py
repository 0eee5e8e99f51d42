"""An emulated device: its Python, and what is installed for it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.emulated import build, parts

KINDS = tuple(system.name for system in parts.SYSTEMS)


@dataclass(frozen=True)
class Device:
    """A Raspberry Pi that `make devices` has built.

    Attributes:
        kind: one of `KINDS`: "pi-64" (aarch64, cortex-a53) or "pi-32" (armv7l, cortex-a7).
    """

    kind: str

    @property
    def system(self) -> Path:
        """The folder that is the device's root."""
        return build.ROOT / self.kind

    @property
    def python(self) -> Path:
        """The device's Python, a program that this machine can start."""
        return self.system / "usr" / "bin" / "python3"

    @property
    def version(self) -> str:
        """The device's Python, such as "3.11"."""
        return parts.PYTHON

    @property
    def missing(self) -> str:
        """Why the device cannot be used here and now; "" if it can."""
        if absent := build.absent_tools():
            return f"{', '.join(absent)} not installed: see 'make devices'"
        wheels = [one.name for one in parts.WHEELS if self.kind in one.devices]
        if not all(map(build.ready, (self.kind, *wheels))):
            return "no emulated device: run 'make devices'"
        return ""

    def packages(self, name: str) -> Path:
        """A folder of packages for `path`.

        Args:
            name: "click" on both kinds; "current" (numpy, ONNX Runtime, LiteRT, tokenizers)
                on pi-64; "tflite" (tflite-runtime, and on pi-64 its numpy) on both. The
                numpy of pi-32 is the system's and always there.
        """
        return build.ROOT / (name if name == "click" else f"{self.kind}-{name}")

    def environment(
        self, path: Iterable[Path | str] = (), env: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """The variables of a process on the device: none of this machine's but PATH.

        Args:
            path: folders that the device's Python imports from.
            env: more variables.
        """
        variables = {
            "PATH": os.pathsep.join((str(self.python.parent), os.environ.get("PATH", ""))),
            "LANG": "C.UTF-8",
            **(env or {}),
        }
        if folders := [*map(str, path)]:
            variables["PYTHONPATH"] = os.pathsep.join(folders)
        return variables

    def run(
        self,
        arguments: Sequence[object],
        *,
        path: Iterable[Path | str] = (),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        before: Sequence[str] = (),
    ) -> subprocess.CompletedProcess[str]:
        """Runs the device's Python.

        Args:
            arguments: what follows `python3`.
            path: folders that it imports from, beside its own.
            env: variables beside PATH and LANG.
            cwd: where it runs.
            before: a command of this machine that starts it, such as ("setarch", "-R").

        Returns:
            The finished process, whatever its exit code, with what it wrote.
        """
        return subprocess.run(
            [*before, str(self.python), *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            cwd=cwd,
            env=self.environment(path, env),
            check=False,
        )
