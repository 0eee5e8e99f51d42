"""How long `make demo` takes, and a table over 500 items, beside an earlier version of this tree.

    git worktree add before COMMIT
    OMP_NUM_THREADS=1 python -m benchmarks.training_speed --before before

Both run one after the other, in an environment that has what either needs. Seconds of a stage are
those of its record; processor time and peak memory are those of the process. Writes
`results/training_speed.json`.
"""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks import record, untrained_bundle
from benchmarks.untrained_bundle import made_item, sample_texts
from kd_edge.console.tables import markdown
from kd_edge_export.bundle import write_bundle

ROOT = Path(__file__).parent.parent
ITEMS, ROWS = 500, 100_000
_PACKAGES = ("", "export", "runtime", "runtime/core")
_STAGES = {
    "teacher": "fine-tuning the large model",
    "variants": "20,000 variants labelled by it",
    "student": "training the small model, with and without it",
}
_TABLES = {
    "jumping": (ITEMS, "jumping between"),
    "sorted": (ITEMS, "sorted by"),
    "single": (1, "of"),
}

# The peak of a process begins as that of the one which starts it: a small one, then.
_USED = """
import json, os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
sys.exit(bool(status))
"""


@click.command()
@click.option("--before", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--only", type=click.Choice(["runs", "items"]), help="Keep the other figures.")
def main(before: Path, only: str | None) -> None:
    """Measure both trees."""
    trees = {"before": before.resolve(), "now": ROOT}
    figures: dict[str, Any] = record.read("training_speed")["figures"] if only else {}
    with tempfile.TemporaryDirectory() as folder:
        if only != "items":
            figures["runs"] = {
                name: _run(tree, Path(folder) / name) for name, tree in trees.items()
            }
        if only != "runs":
            figures["items"] = _items(trees, Path(folder))
    click.echo(str(record.write("training_speed", figures, untrained_bundle.SEED)))


def _run(tree: Path, out: Path) -> dict[str, Any]:
    """The demo's run: seconds by stage, processor time, and figures of the test rows."""
    sample = ROOT / "kd_edge" / "sample" / "wool-ice"
    prompts = [
        text for name in ("prompt", "rubric") for text in ("--prompt", sample / f"{name}.txt")
    ]
    command = ("-m", "kd_edge_runtime", "run", sample / "responses.csv", "-o", out, *prompts)
    processor, peak = used(tree, *map(str, command))
    seconds = {
        name: json.loads(path.read_text(encoding="utf-8"))["seconds"]
        for name in _STAGES
        for path in out.glob(f"*/{name}.stage.json")
    }
    lines = json.loads((out / "report.json").read_text(encoding="utf-8"))["items"][0]["lines"]
    qwk = {line["name"]: line["agreement"]["qwk"] for line in lines}
    return {"seconds": seconds, "processor": processor, "peak_mib": peak, "qwk": qwk}


def _items(trees: dict[str, Path], folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Tables over many items, scored in plain Python: the better of two times, and the peak."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for table, (number, _) in _TABLES.items():
        path, bundle = folder / f"{table}.csv", folder / f"{table}.kdz"
        items = [made_item(str(at), seed=at) for at in range(number)]
        write_bundle(bundle, items, "# made\n", "2026-01-01T00:00:00Z", {}, {})
        write_table(path, number, table == "jumping")
        outputs = {name: folder / f"{table}-{name}.csv" for name in trees}
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in trees}
        for _ in range(2):
            for name, tree in trees.items():
                score = ("score", bundle, path, "-o", outputs[name], "-q", "--backend", "plain")
                runs[name].append(used(tree, "-m", "kd_edge_runtime", *map(str, score)))
        if len({output.read_bytes() for output in outputs.values()}) != 1:
            raise click.ClickException(f"{table}: the scores differ")
        found[table] = {
            name: {"processor": min(one)[0], "peak_mib": max(peak for _, peak in one)}
            for name, one in runs.items()
        }
    return found


def write_table(path: Path, items: int, jumps: bool) -> None:
    """Writes a table of `ROWS` responses to so many items, which takes turns or is sorted."""
    texts, rng = sample_texts(), random.Random(untrained_bundle.SEED)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["response_id", "item", "text"])
        for row in range(ROWS):
            item = row % items if jumps else row * items // ROWS
            writer.writerow([row, item, rng.choice(texts)])


def used(tree: Path, *command: str) -> tuple[float, float]:
    """Processor seconds and peak memory in MiB of a Python process that imports a tree."""
    path = os.pathsep.join(str(tree / name) for name in _PACKAGES)
    done = subprocess.run(
        [sys.executable, "-S", "-c", _USED, sys.executable, *command],
        env={**os.environ, "PYTHONPATH": path},
        cwd=tree,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    processor, peak = json.loads(done.stdout.splitlines()[-1])
    return processor, peak


def table() -> str:
    """Stages and processes before and now, and their ratio."""
    figures = record.read("training_speed")["figures"]
    before, now = figures["runs"]["before"], figures["runs"]["now"]
    rows = [
        _row(f"{said}, s", before["seconds"][name], now["seconds"][name])
        for name, said in _STAGES.items()
    ]
    rows.append(_row("the whole run, processor s", before["processor"], now["processor"]))
    rows += [
        [f"QWK of the {name}, test rows", *(f"{one['qwk'][name]:.3f}" for one in (before, now)), ""]
        for name in ("teacher", "student")
    ]
    for name, (number, said) in _TABLES.items():
        one = figures["items"][name]
        for unit, cost in (("processor s", "processor"), ("peak MiB", "peak_mib")):
            what = f"{ROWS:,} rows {said} {number} item{'s' * (number > 1)}, {unit}"
            rows.append(_row(what, one["before"][cost], one["now"][cost]))
    return markdown(["", "before", "now", "before / now"], rows)


def _row(what: str, before: float, now: float) -> list[str]:
    return [what, f"{before:.1f}", f"{now:.1f}", f"{before / now:.2f}"]


if __name__ == "__main__":
    main()
