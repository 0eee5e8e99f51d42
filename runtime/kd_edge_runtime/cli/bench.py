"""`kd-edge bench`: measures a bundle's size, speed, memory and quality on this device."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from kd_edge_runtime import backends
from kd_edge_runtime.backends.probe import WRONG
from kd_edge_runtime.bench import run, show
from kd_edge_runtime.bench.texts import ColumnNames
from kd_edge_runtime.cli.options import file_options
from kd_edge_runtime.errors import BackendError, ParityError
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.system.outputs import refuse_unwritable_file
from kd_edge_runtime.tables.reading.sources import Reading


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--responses",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Responses (CSV, .xlsx or the like) to score. With people's scores, the quality is "
    "measured too.  "
    "[default: the bundle's test inputs, and texts generated from their words]",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="MODEL",
    multiple=True,
    help="Compare with this model (may be repeated): a folder with an ONNX or TFLite text "
    "classifier and its tokenizer.json, or another bundle.",
)
@click.option("--item", "item_id", metavar="ID", help="The item to measure.  [default: the first]")
@click.option("--text-column", metavar="NAME", help="Column with the responses.")
@click.option("--item-column", metavar="NAME", help="Column that names each response's item.")
@click.option("--score-column", metavar="NAME", help="Column with people's scores.")
@file_options
@click.option(
    "--backend",
    "names",
    type=click.Choice(backends.NAMES),
    multiple=True,
    help="Measure only this backend (may be repeated).",
)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--sustain",
    type=click.FloatRange(min=0, max=86_400),
    default=0,
    metavar="SECONDS",
    help="Let the fastest backend score for this long, to show how heat slows it down.",
)
@click.option("--quick", is_flag=True, help="Take a tenth of the time; less accurate.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--markdown", is_flag=True, help="Print a row of a Markdown table.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the results to this file, as JSON.",
)
def bench(
    bundle: Path,
    item_id: str | None,
    text_column: str | None,
    item_column: str | None,
    score_column: str | None,
    encoding: str | None,
    sheet: str | None,
    quoting: str,
    names: tuple[str, ...],
    as_json: bool,
    markdown: bool,
    output: Path | None,
    **options: Any,
) -> None:
    """Measure a BUNDLE on this device: size, speed, memory and heat.

    Each backend is timed in its own processes until the median is stable or time is up. A backend
    that does not reproduce the bundle's golden rows (inputs with known scores) is marked WRONG
    and never reported as the fastest.

    Exit codes: 0 measured; 4 no backend works; 5 none scores correctly.

    \b
    Examples:
      kd-edge bench item.kdz -o bench.json
      kd-edge bench item.kdz --responses scored.csv --against teacher-onnx
      kd-edge bench item.kdz --backend plain --sustain 1800 --markdown
    """
    if as_json and markdown:
        raise click.UsageError("Give --json or --markdown, not both.")
    if options["sustain"] != options["sustain"]:  # what is no number passes every range
        raise click.UsageError("--sustain needs a number of seconds.")
    if output == Path("-"):
        raise click.UsageError("-o needs a file: --json writes the results to standard output.")
    if output:
        refuse_unwritable_file(output)  # before the work, not after it
    reading = Reading(encoding, sheet, quoting)
    columns = ColumnNames(text_column, item_column, score_column, reading)
    results = run.bench(
        run.BenchRequest(bundle, item_id, columns=columns, backends=names, **options)
    )
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    # Printed first, so that a full disk does not lose the results of half an hour.
    if as_json:
        click.echo(text)
    else:
        click.echo("\n".join((show.markdown if markdown else show.table)(results)))
    if output:
        with atomic_write(output) as file:
            file.write(text + "\n")
    if not results["fastest"]:
        rows = [row for row in results["rows"] if row["own"]]
        reasons = "; ".join(f"{row['name']} {row['state']} ({row['why']})" for row in rows)
        wrong = any(row["state"] == WRONG for row in rows)
        raise (ParityError if wrong else BackendError)(
            f"no backend here scores correctly: {reasons}"
        )
