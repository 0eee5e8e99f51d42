"""`kd-edge score`: a table of responses in, the same table with columns of scores out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kd_edge_runtime import backends
from kd_edge_runtime.cli.options import root_option
from kd_edge_runtime.tables.score import Request, score_responses


def _share(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 <= value <= 1:
        meant = f": did you mean {value / 100:g}?" if 1 < value <= 100 else ""
        raise click.BadParameter(f"{value:g} is not between 0 and 1{meant}")
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
    help="File to write (.csv or .tsv); '-' for standard output.  [default: -]",
)
@click.option("--text-column", metavar="NAME", help="Column with the responses.")
@click.option("--item-column", metavar="NAME", help="Column that names each response's item.")
@click.option(
    "--item", "item_id", metavar="ID", help="The item (question) that all responses answer."
)
@click.option(
    "--prefix", default="", metavar="TEXT", help="Put before the names of the added columns."
)
@click.option(
    "--backend",
    type=click.Choice(["auto", *backends.NAMES]),
    default="auto",
    show_default=True,
    help="How to run the small model.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Threads for tflite and onnx; plain and numpy use one.",
)
@click.option(
    "--review-below",
    type=float,
    callback=_share,
    metavar="X",
    help="Flag scores of less confidence (0 to 1) 'review'; 0: none.  [default: by the bundle]",
)
@click.option("--explain", is_flag=True, help="Write which words pushed each score where.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a row, not CSV.")
@click.option("-q", "--quiet", is_flag=True, help="No summary on standard error.")
def score(files: tuple[str, ...], root: Path | None, **options: Any) -> None:
    """Score the RESPONSES with a BUNDLE, or with the one that is installed.

    RESPONSES is a table (CSV or TSV; '-' for standard input), or a sentence in quotation marks,
    whose score is shown.

    All columns of a table are kept, people's scores too. Added are: predicted (the score by the
    small model in the bundle), expected (the mean under the probabilities), confidence (the
    probability of the predicted score), flag (why a person should look, else blank) and p_ with
    the name of each possible score: its probability.

    A flag is the first of these that fits: empty (no words), long (beyond the responses it was
    trained on), prompt (copied from the question), repeats (the same words again and again),
    unlike (other words than it was trained on), list (keywords), review (the small model is
    unsure).

    \b
    Examples:
      kd-edge score item.kdz responses.csv -o scores.csv
      kd-edge score item.kdz "The ice melts because the room is warmer."
      kd-edge score item.kdz - < responses.csv > scores.csv
      kd-edge score item.kdz answers.tsv --text-column EssayText --json
      kd-edge score responses.csv --root /media/card/kd-edge
      kd-edge score item.kdz responses.csv --review-below 0.8
      kd-edge score item.kdz responses.csv --explain | less
    """
    responses = _responses(files, root)
    bundle = Path(files[0]) if len(files) == 2 else None
    score_responses(Request(responses, bundle, root, **options))


def _responses(files: tuple[str, ...], root: Path | None) -> str:
    """The last of the arguments, where they are as they should be."""
    if not files or not files[-1] or (len(files) == 1 and _is_bundle(files[0])):
        raise click.UsageError("Missing argument 'RESPONSES'.")
    if len(files) > 2:
        raise click.UsageError(
            "Got more than a BUNDLE and RESPONSES: a sentence needs quotation marks around it."
        )
    if len(files) == 2 and _is_bundle(files[1]):
        raise click.UsageError(f"'{files[1]}' is a bundle: are BUNDLE and RESPONSES swapped?")
    if root and len(files) == 2:
        raise click.UsageError("Name a BUNDLE or a --root, not both.")
    return files[-1]


def _is_bundle(name: str) -> bool:
    return name.lower().endswith(".kdz")
