"""How large a page is, how soon it scores, and how fast it scores a table, in headless Chromium.

    python -m benchmarks.page_speed [--responses rows.csv]

The page is of a bag with random weights that knows the responses' words, opened from a file. Needs
Node, Chromium, and `make page-tools`. On a machine that does other work too, times on the clock are
upper bounds: those of the processor are beside them. Writes `results/page.json`.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import click

from benchmarks import core_speed, record
from kd_edge.console.tables import markdown
from kd_edge.page import assemble, sources
from kd_edge.page.assemble import PageBundle
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.tables.score import Request, score_responses

CHILD = Path(__file__).with_name("page_speed.mjs")
TOOLS = Path(__file__).resolve().parents[1] / "tests" / "kd_edge" / "page"
ROWS = 100_000
ROUNDS = 20
SEED = 0


@click.command()
@core_speed.responses_option
@click.option("--rows", default=ROWS, show_default=True, help="Rows of the table.")
def main(responses: Path | None, rows: int) -> None:
    """Measure a page in headless Chromium."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), responses, rows)
    click.echo(str(record.write("page", figures, SEED)))


def measure(
    folder: Path, responses: Path | None, rows: int = ROWS, rounds: int = ROUNDS
) -> dict[str, Any]:
    """All figures: bytes, milliseconds to the first score, and seconds for a table."""
    texts = [text for text, _ in core_speed.labelled_texts(responses)]
    bundle = folder / "made.kdz"
    core_speed.write_untrained(bundle, texts, 2)
    page, engine, table = (folder / name for name in ("page.html", "engine.html", "table.csv"))
    size = assemble.write_page([PageBundle(bundle)], page).bytes
    _write_engine(folder, bundle, engine)
    _write_table(table, texts, rows)
    chromium = shutil.which("chromium") or "chromium"
    command = ["node", CHILD, TOOLS / "package.json", chromium, page, engine, table]
    with Bundle(bundle) as opened:
        parameters = opened.manifest.items[0].parameters
    figures: dict[str, Any] = {
        "parameters": parameters,
        "bytes": {"page": size, "bundle": bundle.stat().st_size},
        "rows": rows,
    }
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as child:

        def ask(what: str) -> Any:
            assert child.stdin
            assert child.stdout
            print(what, file=child.stdin, flush=True)
            return json.loads(child.stdout.readline())

        figures["browser"] = ask("browser")
        first = [ask("first") for _ in range(rounds + 1)][1:]
        figures["first score, ms"] = {
            "median": statistics.median(first),
            "least": min(first),
            "processor": min(ask("firstWork") for _ in range(3)),
        }
        longest = ask("tasks")
        figures["longest task, ms"] = {"clock": longest["wall"], "processor": longest["cpu"]}
        figures["table, s"] = {"page": ask("table"), "plain": _plain(bundle, table, folder)}
        assert child.stdin
        child.stdin.close()
    return figures


def _write_engine(folder: Path, bundle: Path, page: Path) -> None:
    """A page with the same worker and no screen."""
    app = folder / "parts" / "app"
    shutil.copytree(assemble.APP, app)
    shutil.copytree(sources.CORE, app.with_name("core"))
    shutil.copy(TOOLS / "engine_main.mjs", app / "main.mjs")
    with mock.patch.object(assemble, "APP", app):
        assemble.write_page([PageBundle(bundle)], page)


def _write_table(path: Path, texts: Sequence[str], rows: int) -> None:
    lines = ["id,text"]
    for at in range(rows):
        text = f"{texts[at % len(texts)]} {at}".replace('"', '""')
        lines.append(f'{at},"{text}"')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _plain(bundle: Path, table: Path, folder: Path) -> float:
    """Seconds in which plain Python reads, scores and writes the table."""
    with Scorer.open(bundle, "plain") as scorer:
        scorer.score("warm")
    begun = time.perf_counter()
    score_responses(
        Request(table, bundle, output=folder / "scored.csv", backend="plain", quiet=True)
    )
    return time.perf_counter() - begun


def table() -> str:
    """What a page costs, beside what it may."""
    found = record.read("page")["figures"]
    times, rows = found["table, s"], found["rows"]
    first, longest = found["first score, ms"], found["longest task, ms"]
    page = f"page with a student of {found['parameters']:,} parameters"
    rest = "first score after opening, the least of several"
    task = f"longest task of the main thread while {rows:,} rows are scored"
    ratio = f"{times['page'] / times['plain']:.2f}"
    return markdown(
        ["figure", "on the clock", "of the processor", "at most"],
        [
            [page, f"{found['bytes']['page'] / 1000:.0f} KB", "", "150 KB"],
            [rest, f"{first['least']:.0f} ms", f"{first['processor']:.0f} ms", "300 ms"],
            [task, f"{longest['clock']:.0f} ms", f"{longest['processor']:.0f} ms", "100 ms"],
            [f"a table of {rows:,} rows / plain Python", ratio, "", "1"],
        ],
    )


if __name__ == "__main__":
    main()
