"""`kd-edge suggest`: which responses people should score next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import (
    COUNT,
    FOLDER,
    NEW_FILE,
    PATH,
    json_option,
    output_option,
    print_json,
    refuse_missing,
    refuse_overwriting,
    seed_option,
)
from kd_edge.cli.reading import list_skipped, read, reading_of, reading_options
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.data.responses import SourceTable
    from kd_edge.suggest.suggest import ItemSuggestions


@click.command(cls=GroupedCommand)
@click.argument("responses", type=PATH)
@OptionGroup.RESPONSES.option(
    "-n", "--count", type=COUNT, default=50, help="How many responses of each item to suggest."
)
@reading_options
@OptionGroup.TEACHER.option(
    "--teacher",
    "teacher_folder",
    type=FOLDER,
    help="A teacher's folder, from 'kd-edge teacher' or a run: the less sure it is of a response's "
    "score, the more that response counts.",
)
@OptionGroup.TEACHER.option(
    "--model",
    default="packaged",
    metavar="MODEL",
    help="The language model by which responses are compared, as for 'kd-edge teacher'.",
)
@output_option(NEW_FILE, "Table to fill in (.csv, .tsv or .xlsx).")
@json_option
@seed_option
def suggest(
    responses: Path,
    count: int,
    teacher_folder: Path | None,
    model: str,
    output: Path,
    as_json: bool,
    seed: int,
    **values: Any,
) -> None:
    """Suggest which RESPONSES people should score next: those that say most about the others.

    They are like many responses that have no score yet, and unlike all that have one: what most
    students write comes first. With --teacher, a response counts the more, the less sure the
    teacher is of its score. Responses that say the same are asked for once. RESPONSES may have some
    scores or none.

    OUTPUT is the same table, with the responses to score at the top, numbered in the column
    'suggested'. Fill in their scores and save it. Then give it to this command for the next ones,
    or to 'kd-edge run': what is scored is kept, and all other rows are there too.

    \b
    Examples:
      kd-edge suggest responses.csv -n 50 -o to-score.csv
      kd-edge suggest to-score.csv -n 50 -o to-score-2.csv --score-range 0-3
      kd-edge suggest to-score.csv --teacher out/item-1/teacher -o more.xlsx
    """
    from kd_edge.suggest.suggest import SuggestOptions
    from kd_edge.suggest.suggest import suggest as suggest_responses
    from kd_edge.suggest.table import (
        check_output,
        check_table,
        without_unread_scores,
        write_suggestions,
    )

    check_output(output)
    refuse_missing(responses, teacher_folder, values.get("scores"))
    refuse_overwriting(output, responses)
    refuse_overwriting(output, values.get("scores"))
    options = SuggestOptions(count, model, teacher_folder, seed)
    found = read(responses, values, scored=False, folder=output.parent, keep_table=True)
    table = check_table(found, joined=values["scores"] is not None)
    read_so_far = len(found.skipped)
    skip = values["on_bad_row"] == "skip"
    found = without_unread_scores(found, values["missing"], skip=skip)
    if len(found.skipped) > read_so_far:
        list_skipped(found, responses, output.parent)
    suggestions = suggest_responses(found, options)
    if not any(one.response_ids for one in suggestions):
        raise InputError(f"{responses}: every response has a score: there is nothing left to score")
    write_suggestions(table, suggestions, responses, output, reading_of(values))
    if as_json:
        print_json(_as_json(suggestions, table, output))
    else:
        _show(suggestions, output)


def _as_json(
    suggestions: Sequence[ItemSuggestions], table: SourceTable, output: Path
) -> dict[str, Any]:
    """The figures, and the suggested rows by their numbers in the table that was read."""
    return {
        "output": str(output),
        "items": [
            {
                "item_id": one.item_id,
                "rows": [
                    table.rows[table.at[one.item_id, name]].number for name in one.response_ids
                ],
                "scored": one.scored,
                "unscored": one.unscored,
                "repeated": one.repeated,
                "by": one.by,
            }
            for one in suggestions
        ],
    }


def _show(suggestions: Sequence[ItemSuggestions], output: Path) -> None:
    from kd_edge.console.tables import TerminalTable, print_tables

    header = ["item", "scored", "without a score", "repeated", "suggested", "by"]
    rows = [
        [
            one.item_id,
            *(f"{n:,}" for n in (one.scored, one.unscored, one.repeated, len(one.response_ids))),
            one.by,
        ]
        for one in suggestions
    ]
    print_tables(TerminalTable("", header, rows))
    click.echo(f"\n{output}: score the rows that are numbered in the column 'suggested'")
