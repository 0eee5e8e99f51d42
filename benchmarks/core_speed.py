"""How fast the core in C scores: beside plain Python and fastText, and whether scores are the same.

    python -m benchmarks.core_speed --responses rows.csv --fasttext PYTHON

Runs that are compared take turns in one process, on one thread: quote ratios, not times. The
bundle has a vocabulary of the responses, random weights and all flags. Writes `results/core.json`.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from benchmarks import record, training_speed, untrained_bundle
from kd_edge.distillation.outliers import prompt_codes
from kd_edge.students.bag import BagOptions
from kd_edge.students.vocabulary import choose_vocabulary
from kd_edge_export.bundle import write_bundle
from kd_edge_runtime.bundle.manifest import Flags
from kd_edge_runtime.text import words_by
from kd_edge_runtime.text.known_ngrams import Known

CHILD = Path(__file__).with_name("core_speed_child.py")
ROOT = Path(__file__).parent.parent
RUNTIME = ROOT / "runtime"
SEED = 0


responses_option = click.option(
    "--responses",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A CSV with the columns text and score.  [default: the sample's]",
)


@click.command()
@responses_option
@click.option("--fasttext", help="A Python with fasttext-wheel, numpy<2 and click.")
@click.option("--rows", default=1_000_000, show_default=True, help="Rows of the CSV.")
@click.option("--texts", default=500_000, show_default=True, help="Texts compared bit by bit.")
def main(responses: Path | None, fasttext: str | None, rows: int, texts: int) -> None:
    """Measure how fast the core scores."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), responses, fasttext, rows, texts)
    click.echo(str(record.write("core", figures, SEED)))


def measure(
    folder: Path, responses: Path | None, fasttext: str | None, rows: int, texts: int
) -> dict[str, Any]:
    """All figures; see the command for the arguments."""
    labelled = labelled_texts(responses)
    written = [text for text, _ in labelled]
    figures: dict[str, Any] = {
        "responses": len(written),
        "words": statistics.median(len(text.split()) for text in written),
    }
    for rules in (1, 2):
        bundle = folder / f"rules-{rules}.kdz"
        write_untrained(bundle, written, rules)
        job = folder / "job.json"
        content = {
            "bundle": str(bundle),
            "texts": written,
            "labels": [score for _, score in labelled],
            "folder": str(folder),
            "rows": rows,
            "compared": texts,
            "seed": SEED,
        }
        job.write_text(json.dumps(content), encoding="utf-8")
        found = {what: _child(what, job) for what in ("same", "csv")}
        found["race"] = _child("race", job, fasttext or sys.executable)
        figures[f"rules {rules}"] = found
    figures["bundles"] = {}
    for path in sorted(ROOT.glob("tests/**/*.kdz")):
        less = {"bundle": str(path), "compared": texts // 5}
        job.write_text(json.dumps({**content, **less}), encoding="utf-8")
        figures["bundles"][path.name] = _child("same", job)
    figures["items"] = {table: _many_items(folder, table) for table in ("jumping", "sorted")}
    return figures


def _many_items(folder: Path, table: str) -> dict[str, Any]:
    """A table over many items by each backend: processor seconds, peak MiB, and its bytes."""
    bundle, source = folder / "items.kdz", folder / f"{table}.csv"
    number = training_speed.ITEMS
    items = [untrained_bundle.made_item(str(at), seed=at) for at in range(number)]
    write_bundle(bundle, items, "# made\n", "2026-01-01T00:00:00Z", {}, {})
    training_speed.write_table(source, number, table == "jumping")
    found: dict[str, Any] = {}
    outputs = []
    for name in ("core", "plain"):
        outputs.append(folder / f"{table}-{name}.csv")
        options = ("-o", outputs[-1], "-q", "--backend", name)
        command = ("-m", "kd_edge_runtime", "score", bundle, source, *options)
        processor, peak = training_speed.used(ROOT, *map(str, command))
        found[name] = {"processor": processor, "mib": peak}
    return {**found, "same bytes": outputs[0].read_bytes() == outputs[1].read_bytes()}


def labelled_texts(responses: Path | None) -> list[tuple[str, str]]:
    """Texts with scores, from a CSV; of the sample, whose scores are made up, if there is none."""
    if responses is None:
        return [(text, str(at % 3)) for at, text in enumerate(untrained_bundle.sample_texts())]
    with responses.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["score"]) for row in csv.DictReader(file)]


def write_untrained(path: Path, texts: Sequence[str], rules: int) -> None:
    """Writes a bundle of a bag with random weights that knows the texts' words."""
    vocabulary = choose_vocabulary(texts, BagOptions(rules=rules))
    item = untrained_bundle.item_of(vocabulary, "made", ("plain-int8",))
    words = words_by(rules)
    found = [words(text) for text in texts]
    count = Known(vocabulary).count
    usual = sum(map(count, found)) / sum(map(len, found))
    flags = Flags(0.4, max(map(len, found)), 1.0, (usual, -8.0, 8.0), prompt_codes(texts[:1]))
    item = replace(item, flags=flags, text={**item.text, "rules": rules})
    write_bundle(path, [item], "# For benchmarks\n", "2026-01-01T00:00:00Z", {}, {})


def _child(what: str, job: Path, python: str = sys.executable) -> Any:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = os.pathsep.join(str(one.resolve()) for one in (RUNTIME, RUNTIME / "core"))
    done = subprocess.run(
        [python, CHILD, what, job],
        env={**os.environ, **threads, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
