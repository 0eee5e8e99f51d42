"""How fast the default student scores: where the time goes, and beside fastText.

    python -m benchmarks.scoring_speed [--bundle item.kdz --responses rows.csv]
                               [--fasttext PYTHON] [--before RUNTIME]

Each figure is taken in a process of its own, on one thread, runs that are compared taking turns
in it: quote ratios, not times. Writes `results/speed.json`.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from benchmarks import record, untrained_bundle

CHILD = Path(__file__).with_name("scoring_speed_child.py")
RUNTIME = Path(__file__).parent.parent / "runtime"
MANY = 10_000
FRESH = 80
STARTS = 15


@click.command()
@click.option("--bundle", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--responses",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A CSV with the columns text and score.  [default: the sample's]",
)
@click.option("--fasttext", help="A Python with fasttext-wheel, numpy<2 and click.")
@click.option(
    "--before",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder runtime/ of an older version, to be timed beside this one.",
)
def main(
    bundle: Path | None, responses: Path | None, fasttext: str | None, before: Path | None
) -> None:
    """Measure how fast responses are scored."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), bundle, responses, fasttext, before)
    click.echo(str(record.write("speed", figures, untrained_bundle.SEED)))


def measure(
    folder: Path,
    bundle: Path | None,
    responses: Path | None,
    fasttext: str | None = None,
    before: Path | None = None,
    many: int = MANY,
) -> dict[str, Any]:
    """All figures; see the command for the arguments."""
    if bundle is None:
        bundle = folder / "made.kdz"
        untrained_bundle.write(bundle)
    rows = labelled(responses)
    job = folder / "job.json"
    content = {
        "bundle": str(bundle.resolve()),
        "texts": [text for text, _ in rows],
        "labels": [score for _, score in rows],
        "folder": str(folder),
        "many": many,
        "fresh": FRESH,
    }
    job.write_text(json.dumps(content), encoding="utf-8")
    return {
        "responses": len(rows),
        "words": statistics.median(len(text.split()) for text, _ in rows),
        "total": _child("total", job),
        "before": None if before is None else _child("total", job, runtime=before),
        "profile": _child("profile", job),
        "table": _child("table", job),
        "fasttext": None if fasttext is None else _child("fasttext", job, fasttext),
        "start": starts(folder, bundle),
    }


def labelled(responses: Path | None) -> list[tuple[str, str]]:
    """Texts and scores to time; those of the sample items where no file is given."""
    if responses is None:
        return [(text, str(at % 3)) for at, text in enumerate(untrained_bundle.sample_texts())]
    with responses.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["score"]) for row in csv.DictReader(file)]


def starts(folder: Path, bundle: Path, rounds: int = STARTS) -> dict[str, float]:
    """Seconds from the start of Python to its end, the median of rounds that take turns."""
    one = folder / "one.csv"
    one.write_text("text\nThe ice melts since the room is warm.\n", encoding="utf-8")
    score = ["-m", "kd_edge_runtime", "score", bundle, one, "-o", folder / "o.csv", "-q"]
    commands = {"python": ["-c", "pass"], "onnxruntime": ["-c", "import onnxruntime"]}
    commands["score"] = [str(word) for word in score]
    found: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, env=_environment(RUNTIME))
            found[name].append(time.perf_counter() - started)
    # The first of each writes byte code and fills the disk's cache.
    return {name: statistics.median(times[1:]) for name, times in found.items()}


def _child(what: str, job: Path, python: str = sys.executable, runtime: Path = RUNTIME) -> Any:
    done = subprocess.run(
        [python, CHILD, what, job],
        env=_environment(runtime),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def _environment(runtime: Path) -> dict[str, str]:
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # As on a device, byte code is written.
    one |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": str(runtime.resolve())}
    return {**os.environ, **one}


if __name__ == "__main__":
    main()
