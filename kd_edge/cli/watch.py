"""`kd-edge watch`: whether scores are distributed as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import FILE, json_option, print_json, refuse_missing
from kd_edge_runtime.errors import InputError, printable

if TYPE_CHECKING:
    from kd_edge.evaluation.drift import Compared, Reference
    from kd_edge.evaluation.recorded_items import RecordedItems
    from kd_edge.evaluation.score_tables import ScoreColumns, ScoreTables

ALARM_CODE = 6
"""The exit code where there is an alarm."""

_QUIET_ROWS = 20_000  # fewer are read in a second or two
_SHOWN = 5
_FIGURES = {"unknown": "share of unknown words"}  # others are shown by their names


@click.command(cls=GroupedCommand)
@click.argument("tables", metavar="SCORES...", nargs=-1, required=True, type=FILE)
@OptionGroup.GENERAL.option(
    "--bundle",
    type=FILE,
    help="The bundle that scored: compare with its record of how held-out responses were scored.",
)
@OptionGroup.GENERAL.option(
    "--reference",
    type=FILE,
    help="In place of --bundle: scores to compare with, of the test responses or the first weeks.",
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
@OptionGroup.GENERAL.option(
    "--first-only", is_flag=True, help="With --bundle: the scores were made with --first-only."
)
@OptionGroup.RESPONSES.option(
    "--item-column", metavar="NAME", help="Column that names each response's item."
)
@OptionGroup.RESPONSES.option(
    "--item", "item_id", metavar="ID", help="The item that all responses answer."
)
@OptionGroup.RESPONSES.option(
    "--text-column",
    metavar="NAME",
    help="With --bundle: column with the responses, whose unknown words are counted.",
)
@OptionGroup.RESPONSES.option(
    "--prefix",
    default="",
    metavar="TEXT",
    help="The prefix of the columns that scoring added, where one was given.",
)
@json_option
@click.pass_context
def watch(
    ctx: click.Context,
    tables: tuple[Path, ...],
    bundle: Path | None,
    reference: Path | None,
    by: str | None,
    false_alarms: float,
    first_only: bool,
    item_column: str | None,
    item_id: str | None,
    text_column: str | None,
    prefix: str,
    as_json: bool,
) -> None:
    """Say whether SCORES, tables that 'kd-edge score' wrote, are distributed as they were.

    Of each item and each week, class or file, the scores, the confidence and the flags are compared
    with those of held-out responses, of which the bundle has the counts; and so is the share of
    n-grams (pieces of words, for some small models) that the small model does not know, if the
    tables have the responses. Or all but that is compared with another table.

    Each by Pearson's chi-square test of two samples; rare classes are taken together. All tests
    together give a false alarm with the chance --false-alarms at most, however many weeks come: the
    k-th look at an item has 6 / (pi k)^2 of it, shared evenly by items and figures. Give all weeks
    each time, the earliest first; weeks whose names differ in numbers alone are put in order. Only
    sums are printed.

    An alarm says that responses or their scoring have changed, not that scores are wrong: have
    people score some of them. The exit code is 6 then.

    \b
    Examples:
      kd-edge watch scores/week-*.csv --bundle item.kdz
      kd-edge watch term.csv --bundle item.kdz --by class --json
      kd-edge watch scores/week-*.csv --reference test-scores.csv
    """
    if (bundle is None) == (reference is None):
        raise click.UsageError("Give --bundle or --reference, and not both: what to compare with.")
    if bundle is None and (text_column or first_only):
        name = "--text-column" if text_column else "--first-only"
        raise InputError(f"{name} is for --bundle: leave it out")
    if item_id and item_column:
        raise InputError("--item and --item-column say two things: leave one of them out")
    refuse_missing(bundle, reference, *tables)
    from kd_edge.evaluation.drift import compare
    from kd_edge.evaluation.score_tables import ScoreColumns

    columns = ScoreColumns(by, prefix, item_column, text_column, item_id)
    if bundle is not None:
        now, before = _beside_bundle(tables, columns, bundle, first_only)
    else:
        assert reference is not None
        now, before = _beside_table(tables, columns, reference)
    found = compare(before, now.parts, false_alarms)
    if not found:
        raise InputError(f"no item of the scores is in {bundle or 'the reference'}")
    alarms = [one for one in found if one.alarm]
    if as_json:
        rows = [{**asdict(one), "alarm": one.alarm} for one in found]
        told = {"false_alarms": false_alarms, "alarms": len(alarms), "compared": rows}
        print_json({**told, "left_out": _told(now)})
    else:
        for line in _lines(found):
            click.echo(line)
        click.echo(_summary(found, by))
    ctx.exit(ALARM_CODE if alarms else 0)


def _beside_bundle(
    tables: Sequence[Path], columns: ScoreColumns, bundle: Path, first_only: bool
) -> tuple[ScoreTables, Mapping[str, Reference]]:
    """The scores, and what a bundle says of their items."""
    from kd_edge.evaluation.recorded_items import RecordedItems

    with RecordedItems(bundle, not first_only) as recorded:
        item_id = columns.item_id or recorded.only_item(columns.item)
        now = _read(tables, replace(columns, item_id=item_id, known=recorded.item))
        before = dict(recorded.references())
        _refuse_nothing(now, tables)
        _notes(now, recorded, before)
    return now, before


def _beside_table(
    tables: Sequence[Path], columns: ScoreColumns, reference: Path
) -> tuple[ScoreTables, Mapping[str, Reference]]:
    """The scores, and those of another table by item."""
    from kd_edge.evaluation.score_tables import refuse_other_than_items

    alone = _read([reference], replace(columns, by=None))
    if columns.item and not alone.names_items:
        refuse_other_than_items(reference, columns.item, alone)
    (before,) = alone.parts.values()
    now = _read(tables, columns)
    _refuse_nothing(now, tables)
    if not before:
        raise InputError(f"{reference}: there is no response to compare with")
    _leave_out(now, before, "the reference does not have")
    return now, before


def _read(tables: Sequence[Path], columns: ScoreColumns) -> ScoreTables:
    """Reads the tables, with a bar or lines where that takes long."""
    from kd_edge.console.progress import Tracker, track
    from kd_edge.evaluation.score_tables import read_tables
    from kd_edge.evaluation.table_sizes import rows_of

    total = rows_of(tables)
    if total < _QUIET_ROWS:
        return read_tables(tables, columns, Tracker("", total))
    with track("reading scores", total) as tracker:
        found = read_tables(tables, columns, tracker)
        tracker.total = tracker.done  # lines are not quite rows
    return found


def _refuse_nothing(now: ScoreTables, tables: Sequence[Path]) -> None:
    if not now.left_out and not any(now.parts.values()):
        few = f"{tables[0]} has" if len(tables) == 1 else "the tables have"
        raise InputError(f"{few} no rows below the header: there is nothing to compare")


def _leave_out(now: ScoreTables, before: Mapping[str, Reference], why: str) -> None:
    """Notes the items that there is nothing to compare with, and says why: their names follow."""
    from kd_edge.console.progress import say

    for items in now.parts.values():
        for name in [name for name in items if name not in before]:
            now.left_out[name] = now.left_out.get(name, 0) + len(items.pop(name))
    if now.left_out:
        if not now.names_items:
            number, others = sum(now.left_out.values()), len(now.left_out)
            say(f"{number:,} responses left out: {why} their items ({others:,} different)")
            return
        blank = "responses without an item (--item names it)"
        names = [f"'{printable(name)}'" if name else blank for name in now.left_out]
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        number, shown = sum(now.left_out.values()), ", ".join(names[:_SHOWN])
        say(f"{number:,} responses left out: {why} {shown}{more}")


def _told(now: ScoreTables) -> dict[str, int]:
    """How many responses were left out by item; under "others" where its name may be a response."""
    if now.names_items or not now.left_out:
        return now.left_out
    return {"others": sum(now.left_out.values())}


def _notes(now: ScoreTables, recorded: RecordedItems, before: Mapping[str, Reference]) -> None:
    """Says what is not compared, and why."""
    from kd_edge.console.progress import say

    recorded.refuse_unrecorded()
    _leave_out(now, before, f"{recorded.path} has no record of")
    for why in recorded.not_counted:
        say(f"Unknown words are not compared: {why}")
    if now.without_texts and recorded.count_unknown:
        say(
            f"Unknown words are not compared: {now.without_texts[0]} has no column of responses "
            "that is known by its name (--text-column names it)"
        )


def _lines(found: list[Compared]) -> Iterator[str]:
    from kd_edge.evaluation.drift import OTHER

    for one in found:
        if not one.alarm:
            continue
        name = max(one.now, key=lambda key: abs(one.now[key] - one.before[key]))
        shown = f"'{printable(name) or 'no flag'}'"
        if name == OTHER:
            shown = "what few had before,"
        item = f"item '{printable(one.item_id)}', " if one.item_id else ""
        yield (
            f"ALARM: {item}{printable(one.part)}: {_FIGURES.get(one.figure, one.figure)} of "
            f"{one.responses} responses (p = {one.p:.2g}); {shown} "
            f"{one.before[name]:.0%} before, {one.now[name]:.0%} now"
        )


def _summary(found: list[Compared], by: str | None) -> str:
    from kd_edge.evaluation.drift import LEAST_RESPONSES

    items, parts = {one.item_id for one in found}, {one.part for one in found}
    figures = dict.fromkeys(_FIGURES.get(one.figure, one.figure) for one in found)
    where = f"value{_s(parts)} of '{printable(by)}'" if by else f"table{_s(parts)}"
    few = sum(one.responses < LEAST_RESPONSES for one in found)
    more = f", {few} of them with too few responses" if few else ""
    alarms = [one for one in found if one.alarm]
    return (
        f"{len(items)} item{_s(items)} in {len(parts)} {where}, {len(found)} comparison{_s(found)} "
        f"({', '.join(figures)}){more}: {len(alarms)} alarm{_s(alarms)}"
    )


def _s(things: Sized) -> str:
    return "" if len(things) == 1 else "s"
