"""`kd-edge bench`: what a bundle costs this device, beside how well it scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from kd_edge_runtime import backends
from kd_edge_runtime.backends.probe import WRONG
from kd_edge_runtime.bench import run, show
from kd_edge_runtime.bench.texts import Columns
from kd_edge_runtime.errors import BackendError, ParityError
from kd_edge_runtime.files import atomic_write


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--responses",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Responses (CSV or TSV) to score; with a column of scores, how well too.  "
    "[default: golden inputs, and texts made up of their words]",
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
    help="Let the fastest go on scoring so long, and show how heat slows it.",
)
@click.option("--quick", is_flag=True, help="Take a tenth of the time.")
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
    """Measure what a BUNDLE costs this device: bytes, time, memory, heat.

    Each backend is timed in processes of its own, until its median is stable or time is up,
    and has to reproduce the golden rows: a wrong one is never the fastest.

    Exit codes: 0 measured; 4 no backend works; 5 none scores as it should.

    \b
    Examples:
      kd-edge bench item.kdz
      kd-edge bench item.kdz --responses scored.csv --against teacher-onnx -o bench.json
      kd-edge bench item.kdz --backend plain --sustain 1800 --markdown
    """
    if as_json and markdown:
        raise click.UsageError("Ask for --json or for --markdown, not for both.")
    columns = Columns(text_column, item_column, score_column)
    found = run.bench(run.Request(bundle, item_id, columns=columns, backends=names, **options))
    said = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
    # Shown first: what was measured for half an hour is not lost to a full disk.
    if as_json:
        click.echo(said)
    else:
        click.echo("\n".join((show.markdown if markdown else show.table)(found)))
    if output:
        with atomic_write(output) as file:
            file.write(said + "\n")
    if not found["fastest"]:
        rows = [row for row in found["rows"] if row["own"]]
        told = "; ".join(f"{row['name']} {row['state']} ({row['why']})" for row in rows)
        wrong = any(row["state"] == WRONG for row in rows)
        raise (ParityError if wrong else BackendError)(f"nothing here scores as it should: {told}")
