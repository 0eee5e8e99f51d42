"""How the cost of scoring grows: with the response, the file, the bundle, the network.

    python -m benchmarks.cost_scaling [--rows N]

Processor time and not wall time, the least of several runs, in plain Python; peak memory of a
process that does nothing else. Writes `results/scaling.json`.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import record, untrained_bundle
from benchmarks.untrained_bundle import made_item, sample_texts
from kd_edge_export.bundle import write_bundle
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.scorer import Scorer

WORDS = (10, 30, 100, 300, 1000, 3000, 10_000)
ROWS = (100, 1000, 10_000, 100_000, 1_000_000)
ITEMS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
PARAMETERS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)

RUNTIME = Path(__file__).parent.parent / "runtime"

# The peak of a process begins as that of the one which starts it: a small one, then.
_USED = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(bool(status))
"""


@click.command()
@click.option("--rows", type=int, default=ROWS[-1], show_default=True, help="The longest file.")
def main(rows: int) -> None:
    """Measure how the cost of scoring grows."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), ROWS[: sum(one <= rows for one in ROWS)])
    click.echo(str(record.write("scaling", figures, untrained_bundle.SEED)))


def measure(
    folder: Path,
    rows: Sequence[int] = ROWS,
    words: Sequence[int] = WORDS,
    items: Sequence[int] = ITEMS,
    parameters: Sequence[int] = PARAMETERS,
) -> dict[str, Any]:
    """All figures: by what grows, its sizes, the cost of each, and exponents by cost."""
    bundle = folder / "made.kdz"
    untrained_bundle.write(bundle)
    found = {
        "words": _by_words(bundle, words),
        "rows": [_by_rows(folder, bundle, number) for number in rows],
        "items": [_by_items(folder, number) for number in items],
        "parameters": [_by_parameters(folder, number) for number in parameters],
    }
    return {
        name: {"points": points, "exponents": exponents(name, points)}
        for name, points in found.items()
    }


def exponents(name: str, points: Sequence[dict[str, float]]) -> dict[str, float]:
    """The slope of each cost over the larger half of the sizes, on logarithmic axes.

    1 is a cost that grows as `name` does; at the smaller sizes what is fixed hides it.
    """
    points = points[(len(points) - 1) // 2 :]
    sizes = np.log([point[name] for point in points])
    costs = [cost for cost in points[0] if cost != name]
    return {
        cost: float(np.polyfit(sizes, np.log([point[cost] for point in points]), 1)[0])
        for cost in costs
    }


def _tokens(number: int) -> str:
    """A text of so many words."""
    return " ".join(islice(cycle(" ".join(sample_texts()).split()), number))


def _least(run: Callable[[], object], times: int) -> float:
    """The least processor time of some runs, in seconds."""
    found = []
    for _ in range(times):
        start = time.thread_time()
        run()
        found.append(time.thread_time() - start)
    return min(found)


def _by_words(bundle: Path, sizes: Sequence[int]) -> list[dict[str, float]]:
    points = []
    with Scorer.open(bundle, "plain") as scorer:
        for number in sizes:
            text = _tokens(number)
            scorer.score(text)
            seconds = _least(lambda text=text: scorer.score(text), 200)
            points.append({"words": number, "microseconds": seconds * 1e6})
    return points


def _by_rows(folder: Path, bundle: Path, number: int) -> dict[str, float]:
    source = folder / "rows.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["response_id", "text"])
        writer.writerows(enumerate(islice(cycle(sample_texts()), number)))
    score = ("-m", "kd_edge_runtime", "score", bundle, source, "-o", folder / "out.csv", "-q")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _USED, sys.executable, *score],
        env={**os.environ, "PYTHONPATH": str(RUNTIME)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds, peak = done.stdout.split()
    return {"rows": number, "seconds": float(seconds), "peak MiB": int(peak) / 1024}


def _by_items(folder: Path, number: int) -> dict[str, float]:
    path = folder / "items.kdz"
    items = [made_item(str(at), seed=at) for at in range(number)]
    write_bundle(path, items, "# made\n", "2026-01-01T00:00:00Z", {}, {})
    return {"items": number, **_opened(path, _tokens(50), str(number - 1))}


def _by_parameters(folder: Path, number: int) -> dict[str, float]:
    path = folder / "parameters.kdz"
    item = made_item("0", number // 8)
    write_bundle(path, [item], "# made\n", "2026-01-01T00:00:00Z", {}, {})
    text = _tokens(50)
    with Scorer.open(path, "plain") as scorer:
        scorer.score(text)
        warm = _least(lambda: scorer.score(text), 200)
    return {
        "parameters": item.parameters,
        **_opened(path, text, "0"),
        "one more, microseconds": warm * 1e6,
    }


def _opened(path: Path, text: str, item: str) -> dict[str, float]:
    """What a bundle takes up to its first score; the process has scored before."""

    def first() -> None:
        with Scorer(Bundle(path), "plain") as scorer:
            scorer.score(text, item)

    return {"bytes": path.stat().st_size, "open and first, ms": _least(first, 7) * 1e3}


if __name__ == "__main__":
    main()
