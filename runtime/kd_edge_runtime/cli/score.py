"""`kd-edge score`: reads a table of responses and writes it back with columns of scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kd_edge_runtime import backends
from kd_edge_runtime.cli.options import file_options, first_only_option, root_option
from kd_edge_runtime.tables.score import Request, score_responses

# More processes than any machine has processors for use up its memory.
_MOST_JOBS = 256


def _share(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 <= value <= 1:
        suggestion = f": did you mean {value / 100:g}?" if 1 < value <= 100 else ""
        raise click.BadParameter(f"{value:g} is not between 0 and 1{suggestion}")
    return value


@click.command()
@click.argument(
    "files",
    nargs=-1,
    metavar="[BUNDLE] RESPONSES",
    type=click.Path(allow_dash=True),
)
@root_option
@click.option(
    "-o",
    "--output",
    default="-",
    type=click.Path(path_type=Path, allow_dash=True),
    help="File to write (.csv, .tsv, .xlsx or .parquet); '-' for standard output.  [default: -]",
)
@click.option(
    "--text-column", metavar="NAME", help="Column with the responses: its name, or number."
)
@click.option("--item-column", metavar="NAME", help="Column that names each response's item.")
@click.option(
    "--wide",
    is_flag=True,
    help="Each item has a column of responses, like Q1 and Q2.  [default: without an item column]",
)
@file_options
@click.option(
    "--item", "item_id", metavar="ID", help="The item (question) that all responses answer."
)
@click.option(
    "--no-header",
    is_flag=True,
    help="The first row is a response: name the columns by number, like --text-column 2.",
)
@click.option(
    "--on-bad-row",
    type=click.Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="skip: score the other rows, and list those left out in RESPONSES.skipped.csv.",
)
@click.option(
    "--prefix", default="", metavar="TEXT", help="Prefix for the names of the added columns."
)
@click.option(
    "--backend",
    type=click.Choice(["auto", *backends.NAMES]),
    default="auto",
    show_default=True,
    help="How to run the small model; with two, the first.",
)
@first_only_option
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Threads for core, tflite and onnx; plain and numpy use one.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, _MOST_JOBS),
    metavar="N",
    help="Processes that score a table.  [default: one for each processor, where it is long]",
)
@click.option(
    "--review-below",
    type=float,
    callback=_share,
    metavar="X",
    help="Flag a score as 'review' if its confidence is below X (0 to 1).  "
    "[default: the bundle's limit]",
)
@click.option(
    "--score-column",
    metavar="NAME",
    help="Column with people's scores, to print the agreement with them.  [default: by its name]",
)
@click.option("--explain", is_flag=True, help="Write which words pushed each score where.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object per row, not CSV.")
@click.option(
    "--decimal",
    type=click.Choice([".", ","]),
    help="Decimal sign of the added numbers.  [default: as in the table]",
)
@click.option(
    "--safe-cells",
    is_flag=True,
    help="Put an apostrophe before cells that a spreadsheet would run as a formula.",
)
@click.option(
    "--format",
    "gradebook",
    type=click.Choice(["canvas", "moodle"]),
    help="Write the CSV that a gradebook imports: who, and the grade.",
)
@click.option(
    "--assignment", metavar="NAME", help="Name of the gradebook's column.  [default: the item]"
)
@click.option("-q", "--quiet", is_flag=True, help="Do not print a summary.")
def score(
    files: tuple[str, ...], root: Path | None, no_header: bool, on_bad_row: str, **options: Any
) -> None:
    """Score the RESPONSES with a BUNDLE, or with the installed one.

    RESPONSES is a table (CSV, TSV, .xlsx, .ods, JSON or Parquet; '-' for CSV from standard
    input), or one sentence in quotation marks, whose score is printed.

    All columns of the table are kept, including people's scores. These are added: predicted (the
    small model's score), expected (the mean score under the probabilities), confidence (the
    probability of the predicted score), flag (why a person should look at the response, or
    blank) and one column for the probability of each possible score: p_0, p_1 and so on.

    The flag is the first of these that applies: empty (no words), long (longer than the responses
    the small model was trained on), prompt (copied from the question), repeats (the same words
    over and over), unlike (other words than in training), list (keywords without sentences),
    review (the small model is unsure).

    If the table has people's scores, the agreement with them is printed (of the test rows alone if
    a split column marks some).

    A wide table, with a column of responses for each item, gets these columns for each: 'Q1
    predicted', 'Q1 expected' and so on. Items that are criteria of one response add up to
    total_predicted and total_expected.

    \b
    Examples:
      kd-edge score item.kdz responses.csv -o scores.csv
      kd-edge score item.kdz "The ice melts because the room is warmer."
      kd-edge score item.kdz - < responses.csv > scores.csv
      kd-edge score item.kdz answers.tsv --text-column EssayText --json
      kd-edge score item.kdz form.xlsx --sheet "Class 7b" -o scores.xlsx
      kd-edge score assessment.kdz quiz.csv --wide -o scored-quiz.csv
      kd-edge score responses.csv --root /media/card/kd-edge
      kd-edge score item.kdz responses.csv --review-below 0.8
      kd-edge score item.kdz district.parquet --jobs 8 -o scores.parquet
      kd-edge score item.kdz responses.csv --explain | less
      kd-edge score item.kdz quiz.csv --format canvas -o grades.csv
    """
    responses = _responses(files, root)
    bundle = Path(files[0]) if len(files) == 2 else None
    options.update(has_header=not no_header, skip_bad_rows=on_bad_row == "skip")
    score_responses(Request(responses, bundle, root, **options))


def _responses(files: tuple[str, ...], root: Path | None) -> str:
    """The RESPONSES argument, after the arguments have been checked."""
    if not files or (len(files) == 1 and _is_bundle(files[0])):
        raise click.UsageError("Missing argument 'RESPONSES'.")
    if not files[-1]:
        raise click.UsageError("RESPONSES is empty: give a table, or a sentence to score.")
    if len(files) > 2:
        raise click.UsageError(
            "Expected a BUNDLE and RESPONSES, got more: put quotation marks around a sentence."
        )
    if len(files) == 2 and _is_bundle(files[1]):
        raise click.UsageError(f"'{files[1]}' is a bundle: are BUNDLE and RESPONSES swapped?")
    if root and len(files) == 2:
        raise click.UsageError("Give a BUNDLE or --root, not both.")
    return files[-1]


def _is_bundle(name: str) -> bool:
    return name.lower().endswith(".kdz")
