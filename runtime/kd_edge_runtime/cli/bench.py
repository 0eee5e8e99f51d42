"""`kd-edge bench`: size, speed and memory of a bundle on this device, and how well it scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from kd_edge_runtime import backends
from kd_edge_runtime.backends.probe import WRONG
from kd_edge_runtime.bench import run, show
from kd_edge_runtime.bench.texts import ColumnNames
from kd_edge_runtime.errors import BackendError, ParityError
from kd_edge_runtime.files import atomic_write


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--responses",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Responses (CSV or TSV) to score; with a column of scores, how well too.  "
    "[default: the bundle's test inputs, and texts generated from their words]",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="MODEL",
    multiple=True,
    help="A folder with an ONNX or TFLite text classifier and its tokenizer.json, or another "
    "bundle, to race (may be repeated).",
)
@click.option("--item", "item_id", metavar="ID", help="The item.  [default: the first]")
@click.option("--text-column", metavar="NAME", help="Column with the responses.")
@click.option("--item-column", metavar="NAME", help="Column that names each response's item.")
@click.option("--score-column", metavar="NAME", help="Column with people's scores.")
@click.option(
    "--backend",
    "names",
    type=click.Choice(backends.NAMES),
    multiple=True,
    help="Only this backend (may be repeated).",
)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--sustain",
    type=click.FloatRange(min=0),
    default=0,
    metavar="SECONDS",
    help="Keep the fastest backend scoring for this long, to show how heat slows it.",
)
@click.option("--quick", is_flag=True, help="Measure for a tenth of the time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--markdown", is_flag=True, help="Print a row of a Markdown table.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the JSON here.",
)
def bench(
    bundle: Path,
    item_id: str | None,
    text_column: str | None,
    item_column: str | None,
    score_column: str | None,
    names: tuple[str, ...],
    as_json: bool,
    markdown: bool,
    output: Path | None,
    **options: Any,
) -> None:
    """Measure a BUNDLE on this device: size, speed, memory and heat.

    Each backend is timed in separate processes until its median is stable or time is up. One
    that does not reproduce the bundle's golden rows is never called the fastest.

    Exit codes: 0 measured; 4 no backend works; 5 none scores correctly.

    \b
    Examples:
      kd-edge bench item.kdz -o bench.json
      kd-edge bench item.kdz --responses scored.csv --against teacher-onnx
      kd-edge bench item.kdz --backend plain --sustain 1800 --markdown
    """
    if as_json and markdown:
        raise click.UsageError("Give --json or --markdown, not both.")
    columns = ColumnNames(text_column, item_column, score_column)
    found = run.bench(run.BenchRequest(bundle, item_id, columns=columns, backends=names, **options))
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
    # Shown first: what was measured for half an hour is not lost to a full disk.
    if as_json:
        click.echo(text)
    else:
        click.echo("\n".join((show.markdown if markdown else show.table)(found)))
    if output:
        with atomic_write(output) as file:
            file.write(text + "\n")
    if not found["fastest"]:
        rows = [row for row in found["rows"] if row["own"]]
        why = "; ".join(f"{row['name']} {row['state']} ({row['why']})" for row in rows)
        wrong = any(row["state"] == WRONG for row in rows)
        raise (ParityError if wrong else BackendError)(f"no backend here scores correctly: {why}")
