"""Counts the instructions that a program executes on an emulated device.

Unlike a time, a count is the same on a busy machine, and within 0.01 % from run to run where one
thread does the work: the guest starts at the same addresses (`setarch -R`), with the same hashes
and the same random numbers.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.emulated import Device

SOURCE = Path(__file__).with_name("instruction_counter.c")
TOOLS = ("gcc", "setarch")

# A second thread of numpy's BLAS would spin while it waits, for longer or less long.
_SAME_EVERY_TIME = {"PYTHONHASHSEED": "0", "QEMU_RAND_SEED": "1", "OPENBLAS_NUM_THREADS": "1"}


def absent_tools() -> list[str]:
    """The programs that counting needs and this machine lacks."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


class InstructionCounter:
    """Counts instructions.

    Args:
        folder: an existing folder for the compiled plugin and its output.
    """

    def __init__(self, folder: Path) -> None:
        self._plugin = folder / "instructions.so"
        self._out = folder / "instructions.txt"
        options = ("-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Werror")
        gcc = shutil.which("gcc") or "gcc"
        subprocess.run([gcc, *options, "-o", self._plugin, SOURCE], check=True)

    def count(
        self,
        device: Device,
        arguments: Sequence[object],
        path: Iterable[Path],
        env: Mapping[str, str] | None = None,
    ) -> int:
        """The instructions of one run of a device's Python, and of the processes it starts.

        Args:
            device: a device that has run the same before, so that its byte code is there.
            arguments: what follows `python3`.
            path: folders that it imports from.
            env: more variables.

        Raises:
            RuntimeError: the program failed.
        """
        self._out.unlink(missing_ok=True)
        done = device.run(
            arguments,
            path=path,
            env={
                **_SAME_EVERY_TIME,
                "QEMU_PLUGIN": f"{self._plugin},out={self._out}",
                **(env or {}),
            },
            before=("setarch", "-R"),
        )
        if done.returncode:
            raise RuntimeError(f"python3 {' '.join(map(str, arguments))}: {done.stderr}")
        return sum(map(int, self._out.read_text().split()))
