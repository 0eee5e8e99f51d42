"""What a score costs a Raspberry Pi: instructions on emulated ones, memory on this machine.

    make devices
    python -m benchmarks.raspberry_pi [--bundle item.kdz]

Counts (a) one response in a process of its own, from the start of Python to its end, and (b) one
more response in a process that has scored others, with each backend. Instruction counts are the
same from run to run, but for ONNX Runtime's threads; a time made of them is an estimate and called
one. The peak memory is this machine's, since an emulator's own would be counted with a device's.
Writes `results/device.json`.
"""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks import record, untrained_bundle
from benchmarks.emulated import KINDS, Device
from benchmarks.emulated.runtime import build_wheel, unpack
from benchmarks.emulated.setups import SETUPS, Setup
from benchmarks.instruction_counter import InstructionCounter, absent_tools
from kd_edge_runtime import backends
from kd_edge_runtime.bundle.archive import Bundle

WORDS = 50
RESPONSES = 20
SCORES = 200

# What an estimate assumes: the clock of the oldest board with such a processor, and what such
# processors make of a program full of branches. Nobody measured it here.
HERTZ = {"pi-64": 1.2e9, "pi-32": 0.9e9}
INSTRUCTIONS_PER_CYCLE = 0.5

PROGRAM = ("-m", "kd_edge_runtime")

# Where the Makefile installs tflite-runtime.
OLDER = Path(__file__).parent.parent / ".venv" / "tflite-runtime" / "bin" / "python"

_WARM = """
import sys
from kd_edge_runtime.scorer import Scorer
bundle, backend, responses, number = sys.argv[1:]
texts = open(responses, encoding="utf-8").read().splitlines()
with Scorer.open(bundle, backend) as scorer:
    for text in texts:
        scorer.score(text)
    for at in range(int(number)):
        scorer.score(texts[at % len(texts)])
"""

_PEAK = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(used.ru_maxrss)
sys.exit(bool(status))
"""


@dataclass(frozen=True)
class Case:
    """One way to score.

    Attributes:
        name: what it is called in the table.
        setup: the device and what is installed on it.
        backend: the backend.
    """

    name: str
    setup: Setup
    backend: str


def cases() -> Iterator[Case]:
    """Every way to score on every device, each once."""
    seen = set()
    for setup in SETUPS.values():
        for backend in setup.backends:
            name = backend
            if backend == "tflite":
                name = "LiteRT" if "current" in setup.packages else "tflite-runtime"
            if (setup.kind, name) not in seen:
                seen.add((setup.kind, name))
                yield Case(name, setup, backend)


@dataclass(frozen=True)
class Work:
    """The files that all measurements share.

    Attributes:
        bundle: the bundle.
        table: a CSV with one response.
        responses: `RESPONSES` of `WORDS` words, one a line.
        runtime: the unpacked wheel.
        folder: for what is written.
    """

    bundle: Path
    table: Path
    responses: Path
    runtime: Path
    folder: Path

    def score(self, backend: str) -> list[object]:
        """What follows `python3` to score the one response."""
        out = self.folder / "scores.csv"
        asked = () if backend == "plain" else ("--backend", backend)
        return [*PROGRAM, "score", self.bundle, self.table, "-o", out, "-q", *asked]


@click.command()
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A bundle of one bag student.  [default: one with random weights]",
)
def main(bundle: Path | None) -> None:
    """Count what one response costs, with every backend."""
    if absent := absent_tools():
        raise click.ClickException(f"{', '.join(absent)}: not found")
    for kind in KINDS:
        if missing := Device(kind).missing:
            raise click.ClickException(missing)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), bundle)
    click.echo(str(record.write("device", figures, untrained_bundle.SEED)))


def measure(folder: Path, given: Path | None) -> dict[str, Any]:
    """All figures.

    Args:
        folder: an empty folder to work in.
        given: the bundle; None for one with random weights.
    """
    work = prepare(folder, given)
    counter = InstructionCounter(folder)
    with Bundle(work.bundle) as opened:
        (entry,) = opened.manifest.items
    rows = []
    for case in cases():
        if backends.forms(entry, case.backend):
            rows.append(_counted(case, work, counter))
            click.echo(f"{case.setup.kind}, {case.name}: {rows[-1]}", err=True)
    return {
        "bundle": {
            "made": given is None,
            "sha256": hashlib.sha256(work.bundle.read_bytes()).hexdigest(),
            "parameters": entry.parameters,
        },
        "words": WORDS,
        "emulator": _first_line("qemu-aarch64", "--version"),
        "python": _python(),
        "assumed": {"hertz": HERTZ, "instructions_per_cycle": INSTRUCTIONS_PER_CYCLE},
        "starts": {kind: _starts(kind, work, counter) for kind in KINDS},
        "rows": rows,
        "peak_kib": _peaks(work, entry),
    }


def prepare(folder: Path, given: Path | None = None) -> Work:
    """Makes the files."""
    bundle = given or folder / "made.kdz"
    if given is None:
        untrained_bundle.write(bundle)
    tokens = " ".join(untrained_bundle.sample_texts()).split()
    texts = [
        " ".join(tokens[start : start + WORDS]) for start in range(0, RESPONSES * WORDS, WORDS)
    ]
    responses, table = folder / "responses.txt", folder / "one.csv"
    responses.write_text("\n".join(texts), encoding="utf-8")
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["response_id", "text"], ["1", texts[0]]])
    (folder / "wheel").mkdir()
    runtime = unpack(build_wheel(folder / "wheel"), folder / "runtime")
    return Work(bundle.resolve(), table, responses, runtime, folder)


def _counted(case: Case, work: Work, counter: InstructionCounter) -> dict[str, Any]:
    device, path = case.setup.device, case.setup.path(work.runtime)
    cold = least(counter, device, work.score(case.backend), path)
    warm = ["-c", _WARM, work.bundle, case.backend, work.responses]
    few, many = (counter.count(device, [*warm, number], path) for number in (SCORES, 2 * SCORES))
    return {
        "device": case.setup.kind,
        "backend": case.name,
        "cold": cold,
        "warm": round((many - few) / SCORES),
    }


def least(
    counter: InstructionCounter, device: Device, arguments: list[object], path: list[Path]
) -> int:
    """The least count of three runs, after one that writes the byte code."""
    counter.count(device, arguments, path)
    return min(counter.count(device, arguments, path) for _ in range(3))


def _starts(kind: str, work: Work, counter: InstructionCounter) -> dict[str, int]:
    """What it costs to start Python and do nothing, and so on."""
    setup = SETUPS[f"{kind}, nothing"]
    path = setup.path(work.runtime)
    done: dict[str, list[object]] = {
        "python": ["-c", "pass"],
        "click": ["-c", "import click"],
        "score": work.score("plain"),
        # No plain call, so that click reads it: see kd_edge_runtime/__main__.py.
        "score through click": [*work.score("plain"), "--threads", 1],
    }
    return {name: least(counter, setup.device, one, path) for name, one in done.items()}


def _peaks(work: Work, entry: Any) -> dict[str, int]:
    """The peak resident memory of one response in a process of its own, here; KiB by backend."""
    peaks = {}
    for name in backends.NAMES:
        if backends.forms(entry, name) and not backends.missing(name):
            called = "LiteRT" if "ai_edge_litert" in backends.packages(name) else name
            peaks[called] = peak_kib(work, name)
    if OLDER.exists() and backends.forms(entry, "tflite"):
        peaks["tflite-runtime"] = peak_kib(work, "tflite", str(OLDER))
    return peaks


def peak_kib(work: Work, backend: str, python: str = sys.executable) -> int:
    """The peak resident memory of scoring the one response in a process of its own, here."""
    # Its peak begins as that of the process which starts it: a small one, then.
    done = subprocess.run(
        [python, "-I", "-S", "-c", _PEAK, python, *map(str, work.score(backend))],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(work.runtime)},
    )
    return int(done.stdout)


def _python() -> str:
    done = Device(KINDS[0]).run(["-c", "import platform; print(platform.python_version())"])
    return done.stdout.strip()


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


if __name__ == "__main__":
    main()
