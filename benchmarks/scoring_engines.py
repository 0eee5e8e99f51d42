"""How many rows a second `kd-edge score --jobs` and the engines of data platforms score.

    python -m benchmarks.scoring_engines --rows 1000000 --python ENV/bin/python

One made table is scored by all: as a file by `kd-edge score`, and as Parquet by pandas, DuckDB,
Polars, Ray Data and Spark, as far as the named Python has them, through `BatchScorer`. Each runs in
a process of its own, from Parquet to Parquet; what an engine takes to start is not counted.
Whether the scores are those of `kd-edge score --jobs 1` is compared row by row. Quote ratios of one
run, not times. Writes `results/scoring_engines.json`.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import record, untrained_bundle

CHILD = Path(__file__).with_name("scoring_engines_child.py")
RUNTIME = Path(__file__).parent.parent / "runtime"
ENGINES = ("pandas", "polars", "duckdb", "ray", "spark")
BACKENDS = ("plain", "core")


@click.command()
@click.option("--rows", default=100_000, show_default=True)
@click.option("--python", "engines_python", default=sys.executable, help="What has the engines.")
@click.option("--engine", "engines", multiple=True, type=click.Choice(ENGINES), default=ENGINES)
@click.option("--backend", "backends", multiple=True, type=click.Choice(BACKENDS), default=BACKENDS)
def main(
    rows: int, engines_python: str, engines: tuple[str, ...], backends: tuple[str, ...]
) -> None:
    """Measures all of them and writes the result."""
    figures: dict[str, Any] = {"rows": rows, "backends": {}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle, table = folder / "made.kdz", folder / "responses.parquet"
        untrained_bundle.write(bundle)
        write_table(table, rows)
        for backend in backends:
            found = figures["backends"][backend] = measure(
                folder, bundle, table, backend, engines_python, engines
            )
            click.echo(json.dumps(found, indent=1))
            record.write("scoring_engines", figures, untrained_bundle.SEED)


def write_table(path: Path, rows: int) -> None:
    """Writes a table of made responses, all different."""
    rng = random.Random(untrained_bundle.SEED)
    words = " ".join(untrained_bundle.sample_texts()).split()
    texts = [" ".join(rng.choices(words, k=rng.randint(5, 60))) for _ in range(rows)]
    pq.write_table(pa.table({"id": range(rows), "text": texts}), path, row_group_size=50_000)


def measure(
    folder: Path, bundle: Path, table: Path, backend: str, python: str, engines: tuple[str, ...]
) -> dict[str, Any]:
    """Rows a second of each way to score a table, and whether the scores are the same."""
    rows = pq.read_metadata(table).num_rows
    figures: dict[str, Any] = {}
    wanted = folder / "jobs-1.parquet"
    for jobs in (1, os.cpu_count() or 1):
        out = folder / f"jobs-{jobs}.parquet"
        began = time.perf_counter()
        command = ["score", bundle, table, "--jobs", jobs, "--backend", backend, "-q", "-o", out]
        subprocess.run(
            [sys.executable, "-m", "kd_edge_runtime", *map(str, command)], check=True, env=_env()
        )
        figures[f"jobs {jobs}"] = _figures(rows, time.perf_counter() - began, wanted, out)
    for engine in engines:
        out = folder / f"{engine}-{backend}"
        done = subprocess.run(
            [python, str(CHILD), engine, str(bundle), str(table), str(out), backend],
            capture_output=True,
            text=True,
            env=_env(),
        )
        if done.returncode:
            figures[engine] = {"failed": done.stderr.strip().splitlines()[-1][:200]}
        else:
            seconds = float(done.stdout.splitlines()[-1])
            figures[engine] = _figures(rows, seconds, wanted, out)
    return figures


def _figures(rows: int, seconds: float, wanted: Path, out: Path) -> dict[str, Any]:
    expected, found = (pq.read_table(path).sort_by("id") for path in (wanted, out))
    # Engines may hold texts in another of Arrow's types of text.
    same = found.select(expected.column_names).cast(expected.schema).equals(expected)
    return {"rows_per_s": round(rows / seconds), "seconds": round(seconds, 2), "same": same}


def _env() -> dict[str, str]:
    core = RUNTIME / "core"
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (RUNTIME, core)))}


if __name__ == "__main__":
    main()
