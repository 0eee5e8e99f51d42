"""Bundles and texts that are made to harm: how many of them do.

    python -m benchmarks.hostile

Changes small bundles of each kind of student at random, their bytes or, with all hashes made right,
their members; and makes texts at random. Each is read and scored in a process of its own with
limits, of which is counted: errors that are none of this package's (a traceback), crashes, two
seconds of processor time for one case, files written, connections and programs started, memory, and
scores that differ between backends or from those of the unchanged bundle. Parts that are done are
kept in `out/hostile`, so that a run that was stopped goes on. Writes `results/hostile.json`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from kd_edge.console.tables import markdown

ROOT = Path(__file__).resolve().parents[1]
# Cases of each kind, and how many are read by one process. A case of texts is a hundred of them.
CASES = {"bytes": 80_000, "rehashed": 20_000, "texts": 1000}
PART = {"bytes": 10_000, "rehashed": 2500, "texts": 250}
TEXTS = 100

# What ought not to happen, and how a signal that ends a process is counted.
FAULTS = ("tracebacks", "hangs", "crashes", "writes outside", "differing scores")


def sources(folder: Path) -> list[Path]:
    """Writes small bundles, of each kind of student, to be changed."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    import bundles_made
    import corpus_bundles
    import cross_made
    import seconds_made

    tokens = seconds_made.with_golden()
    cross = "kettle", cross_made.QUESTIONS["kettle"][1]
    writers: dict[str, Callable[[Path], object]] = {
        "pairs": lambda path: corpus_bundles.write(path, ["pairs-1a", "pairs-2b"]),
        "rnn": lambda path: bundles_made.write(path, [replace(tokens, student="rnn")]),
        "transformer": lambda path: bundles_made.write(path, [tokens]),
        "cross": lambda path: bundles_made.write(path, [cross_made.second(*cross)]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted((ROOT / "tests" / "bundles").glob("*.kdz"))
    for name, write in writers.items():
        path = folder / f"{name}.kdz"
        if not path.exists():
            write(path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)
        found.append(path)
    return found


def run_part(kind: str, first: int, end: int, folder: Path, made: Sequence[Path]) -> dict[str, Any]:
    """What a range of cases comes to; a process that ends early is counted, and another goes on.

    Args:
        kind: of `CASES`.
        first: the first case.
        end: after the last.
        folder: where the process writes the bundle that it reads; its own current folder is beside.
        made: bundles to change.
    """
    whole: dict[str, Any] = {"counts": {}, "odd": [], "MiB": 0}
    empty = folder / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    path = [str(ROOT), str(ROOT / "runtime"), *sys.path]
    environment = {"HOME": str(empty), "TMPDIR": str(empty), "PYTHONPATH": os.pathsep.join(path)}
    command = [sys.executable, "-B", "-m", "benchmarks.hostile_child", kind]
    while first < end:
        process = subprocess.Popen(
            [*command, str(first), str(end), str(folder / "case.kdz"), *map(str, made)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=empty,
            env={**os.environ, **environment},
        )
        assert process.stdout
        (last,) = deque(process.stdout, maxlen=1) or [b""]
        if process.wait() == 0 and last.startswith(b"{"):
            _join(whole, json.loads(last))
            break
        if not last.strip().isdigit():
            raise click.ClickException(f"{kind} {first}: the process did not start")
        how = "hangs" if process.returncode == -signal.SIGPROF else "crashes"
        _join(whole, {"counts": {how: 1}, "odd": [f"{how}: {kind} {int(last)}"], "MiB": 0})
        first = int(last) + 1
    for left in empty.rglob("*"):
        _join(whole, {"counts": {"writes outside": 1}, "odd": [f"{kind}: {left.name}"], "MiB": 0})
    return whole


def _join(whole: dict[str, Any], part: dict[str, Any]) -> None:
    for name, number in part["counts"].items():
        whole["counts"][name] = whole["counts"].get(name, 0) + number
    whole["odd"] += part["odd"]
    whole["MiB"] = max(whole["MiB"], part["MiB"])


def figures(parts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What is written of each kind of cases."""
    found = {}
    for kind, part in parts.items():
        counts = part["counts"]
        ends = {name: number for name, number in counts.items() if name not in FAULTS}
        found[kind] = {
            "cases": CASES[kind] * (TEXTS if kind == "texts" else 1),
            **{name: counts.get(name, 0) for name in FAULTS},
            "peak MiB": part["MiB"],
            "ends": dict(sorted(ends.items())),
        }
    return found


def table() -> str:
    """How many cases of each kind there were, and how many ended badly."""
    names = {"bytes": "bundles, any bytes", "rehashed": "bundles, hashes right", "texts": "texts"}
    rows = [
        [
            names[kind],
            f"{one['cases']:,}",
            *(f"{one[name]:,}" for name in FAULTS),
            f"{one['peak MiB']}",
        ]
        for kind, one in record.read("hostile")["figures"].items()
    ]
    return markdown(["changed", "cases", *FAULTS, "peak, MiB"], rows)


def every(folder: Path, tell: Callable[[str], object]) -> dict[str, dict[str, Any]]:
    """All cases, but parts that are done."""
    made = sources(folder / "sources")
    whole: dict[str, dict[str, Any]] = {}
    for kind, number in CASES.items():
        whole[kind] = {"counts": {}, "odd": [], "MiB": 0}
        for first in range(0, number, PART[kind]):
            end = min(first + PART[kind], number)
            kept = folder / f"{kind}-{first}-{end}.json"
            if not kept.exists():
                done = run_part(kind, first, end, folder, made)
                kept.with_suffix(".new").write_text(json.dumps(done), encoding="utf-8")
                kept.with_suffix(".new").replace(kept)
            part = json.loads(kept.read_text(encoding="utf-8"))
            _join(whole[kind], part)
            tell(f"{kind}: {end:,} of {number:,}, {len(whole[kind]['odd'])} odd")
    return whole


@click.command()
@click.option(
    "--work",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/hostile"),
    help="Folder for parts that are done.",
)
def main(work: Path) -> None:
    """Change, read and count; what is odd is printed with the number of its case."""
    parts = every(work.resolve(), click.echo)
    for part in parts.values():
        for line in part["odd"]:
            click.echo(line)
    click.echo(str(record.write("hostile", figures(parts), 0)))


if __name__ == "__main__":
    main()
