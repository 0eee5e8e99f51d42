"""`kd-edge watch`: whether scores are distributed as they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import FILE, json_option, print_json, refuse_missing
from kd_edge_runtime.errors import InputError, printable

if TYPE_CHECKING:
    from kd_edge.evaluation.drift import Compared, Scores

ALARM_CODE = 6
"""The exit code where there is an alarm."""


@click.command(cls=GroupedCommand)
@click.argument("tables", metavar="SCORES...", nargs=-1, required=True, type=FILE)
@OptionGroup.GENERAL.option(
    "--reference",
    type=FILE,
    required=True,
    help="Scores to compare with: of the test responses, or of the first weeks.",
)
@OptionGroup.GENERAL.option(
    "--by",
    metavar="COLUMN",
    help="Column with the week or class: each is compared by itself.  [default: each file is]",
)
@OptionGroup.GENERAL.option(
    "--false-alarms",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    help="The chance of an alarm, over all weeks to come, though nothing has changed.",
)
@json_option
@click.pass_context
def watch(
    ctx: click.Context,
    tables: tuple[Path, ...],
    reference: Path,
    by: str | None,
    false_alarms: float,
    as_json: bool,
) -> None:
    """Say whether SCORES, tables that 'kd-edge score' wrote, are distributed as they were.

    Of each item and each week, class or file, the scores, the confidence and the flags are compared
    with those of the reference (chi-square tests, corrected for looking many times). Give all weeks
    each time, the earliest first: every further look has less to spend. Only sums are printed.

    An alarm says that responses or their scoring have changed, not that scores are wrong: have
    people score some of them. The exit code is 6 then.

    \b
    Examples:
      kd-edge watch scores/week-*.csv --reference test-scores.csv
      kd-edge watch term.csv --reference test-scores.csv --by class --json
    """
    refuse_missing(reference, *tables)
    from kd_edge.evaluation.drift import LEAST_RESPONSES, compare

    before = _read([reference], None)[str(reference)]
    found = compare(before, _read(tables, by), false_alarms)
    if not found:
        raise InputError("no item of the scores is in the reference")
    alarms = [one for one in found if one.alarm]
    if as_json:
        rows = [{**asdict(one), "alarm": one.alarm} for one in found]
        print_json({"false_alarms": false_alarms, "alarms": len(alarms), "compared": rows})
    else:
        for line in _lines(found):
            click.echo(line)
        few = sum(one.responses < LEAST_RESPONSES for one in found)
        more = f" ({few} with too few responses to be compared)" if few else ""
        click.echo(f"{len(found)} compared{more}, {len(alarms)} alarms")
    ctx.exit(ALARM_CODE if alarms else 0)


def _lines(found: list[Compared]) -> Iterator[str]:
    for one in found:
        if not one.alarm:
            continue
        name = max(one.now, key=lambda key: abs(one.now[key] - one.before[key]))
        yield (
            f"ALARM: item '{printable(one.item_id)}', {printable(one.part)}: {one.figure} of "
            f"{one.responses} responses (p = {one.p:.2g}); '{printable(name) or 'no flag'}' "
            f"{one.before[name]:.0%} before, {one.now[name]:.0%} now"
        )


def _read(paths: list[Path] | tuple[Path, ...], by: str | None) -> dict[str, dict[str, Scores]]:
    """The scores by part and item.

    Raises:
        InputError: a table lacks a column, or has a confidence that is no number.
    """
    from kd_edge.evaluation.drift import Scores
    from kd_edge_runtime.tables.reading.sources import open_source

    parts: dict[str, dict[str, Scores]] = {}
    for path in paths:
        with open_source(path) as table:
            header = [name.strip() for name in table.header]
            needed = ["predicted", "confidence", "flag", *([by] if by else [])]
            missing = [name for name in needed if name not in header]
            if missing:
                raise InputError(
                    f"{path}: there is no column '{missing[0]}': give tables that "
                    "'kd-edge score' wrote"
                )
            places = [header.index(name) for name in needed]
            item = header.index("item_id") if "item_id" in header else None
            for numbers, rows in table.batches():
                for number, row in zip(numbers, rows, strict=True):
                    predicted, confidence, flag, *part = (str(row[at]).strip() for at in places)
                    try:
                        value = float(confidence.replace(",", "."))
                    except ValueError:
                        value = -1.0
                    if not 0 <= value <= 1:
                        raise InputError(
                            f"{path}: row {number}: 'confidence' is no number from 0 to 1"
                        )
                    items = parts.setdefault(part[0] if part else str(path), {})
                    name = str(row[item]).strip() if item is not None else ""
                    items.setdefault(name, Scores()).add(predicted, value, flag)
            if table.problems:
                raise table.error("")
        if not by:
            parts.setdefault(str(path), {})
    return parts
