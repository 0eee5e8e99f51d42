"""`kd-edge check`: what a table of responses holds, before anything is trained."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import PATH, json_option, print_json
from kd_edge.cli.reading import read, reading_options
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.console.tables import TerminalTable
    from kd_edge.data.responses import Responses
    from kd_edge.evaluation.overview import ItemOverview, Overview

_SHOWN = 12  # groups of students that are listed


@click.command(cls=GroupedCommand)
@click.argument("responses", type=PATH)
@reading_options
@OptionGroup.STUDENT.option(
    "--together",
    is_flag=True,
    help="Check for one small model for all items ('kd-edge run --together').",
)
@json_option
def check(responses: Path, as_json: bool, together: bool, **values: Any) -> None:
    """Say what the table RESPONSES holds, and whether 'kd-edge run' would accept it.

    Nothing is trained and no response is shown: items, how many responses have which score, their
    lengths and likely language, how far two raters agree, and what is doubtful.

    The exit code is 0 where all items can be learned from, 1 where some would be left out, and 2
    where the table would be refused.

    \b
    Examples:
      kd-edge check responses.csv
      kd-edge check data.csv --score-column Grade --classes wrong,partly,right
      kd-edge check assessment.csv --json
      kd-edge check answers.csv --references questions.csv --together
    """
    read_responses = read(responses, {**values, "together": together})

    from kd_edge.evaluation.overview import overview

    if together:
        _check_pool(read_responses)
    found = overview(read_responses if together else _learnable(read_responses))
    command = _command(click.get_current_context(), responses)
    if as_json:
        print_json({**asdict(found), "command": command})
    else:
        _show(found, command)
    if found.left_out:
        sys.exit(1)


def _check_pool(responses: Responses) -> None:
    """Refuse items that one small model cannot learn from together, as a run does.

    Raises:
        InputError: one has no reference answer, or other classes, or there are too few responses.
    """
    from kd_edge.runs.cross_item.pool import make_pool
    from kd_edge.teacher.options import TeacherOptions

    make_pool(responses, None, TeacherOptions().validation, 0)


def _learnable(responses: Responses) -> Responses:
    """The responses without the items that a run cannot split into rows to learn and to test.

    Raises:
        InputError: that is so of all items.
    """
    from kd_edge.data.responses import LeftOut
    from kd_edge.data.splits import split_item
    from kd_edge.teacher.options import TeacherOptions

    left_out: dict[str, InputError] = {}
    for item in responses.items:
        try:
            split_item(item, None, TeacherOptions().validation, 0)
        except InputError as error:
            left_out[item.item_id] = error
    if len(left_out) == len(responses.items):
        raise next(iter(left_out.values()))
    return replace(
        responses,
        items=tuple(item for item in responses.items if item.item_id not in left_out),
        left_out=(
            *responses.left_out,
            *(LeftOut(item, str(why).partition("': ")[2]) for item, why in left_out.items()),
        ),
    )


def _command(ctx: click.Context, responses: Path) -> str:
    """`kd-edge run` with the options that were given here."""
    words = ["kd-edge", "run", str(responses)]
    for option in ctx.command.params:
        name = option.name or ""
        source = ctx.get_parameter_source(name)
        if not isinstance(option, click.Option) or name == "as_json":
            continue
        if source is not click.core.ParameterSource.COMMANDLINE:
            continue
        value, spelling = ctx.params[name], option.opts[0]
        if option.is_flag:
            words.append(spelling if value else option.secondary_opts[0])
        elif name == "score_range":
            words += [spelling, "{}-{}".format(*value) + "".join(f"/{step}" for step in value[2:])]
        else:
            for one in value if option.multiple else (value,):
                words += [spelling, str(one)]
    return shlex.join([*words, "-o", "out"])


def _show(found: Overview, command: str) -> None:
    from kd_edge.console.tables import print_tables

    print_tables(_responses_table(found))
    if raters := _raters_table(found):
        click.echo()
        print_tables(raters)
    for item in found.items:
        for line in _lines(item, len(found.items) > 1):
            click.echo(line)
    click.echo()
    for name, why in found.left_out.items():
        click.echo(f"Left out: item '{name}': {why}")
    accepted = "accepts this table" if not found.left_out else "accepts the other items"
    click.echo(f"'kd-edge run' {accepted}:\n  {command}")


def _responses_table(found: Overview) -> TerminalTable:
    from kd_edge.console.tables import TerminalTable

    header = ["item", "responses", "scored", "scores", "words (median)", "95%", "longest"]
    rows = [
        [
            item.item_id,
            f"{item.rows:,}",
            f"{item.scored:,}",
            item.scale,
            *(f"{n:,}" for n in (item.lengths.median, item.lengths.p95, item.lengths.longest)),
        ]
        for item in found.items
    ]
    return TerminalTable("", header, rows)


def _raters_table(found: Overview) -> TerminalTable | None:
    from kd_edge.console.tables import TerminalTable

    rows = [
        [
            item.item_id,
            f"{item.raters.responses:,}",
            f"{item.raters.accuracy:.3f}",
            "" if item.raters.adjacent is None else f"{item.raters.adjacent:.3f}",
            f"{item.raters.qwk:.3f}",
        ]
        for item in found.items
        if item.raters is not None
    ]
    header = ["item", "responses", "exact", "adjacent", "QWK"]
    return TerminalTable("Agreement of two raters", header, rows) if rows else None


def _lines(item: ItemOverview, several: bool) -> list[str]:
    """What else there is to say of an item."""
    lines = [f"responses by score: {_counts(item.classes)}"]
    if item.languages:
        lines.append(f"likely {', '.join(item.languages)}")
    if item.lengths.blank:
        lines.append(f"blank: {item.lengths.blank:,}")
    lines += [
        f"by {what}: {_counts(counts)}"
        for what, counts in (("split", item.splits), ("group", item.groups))
        if counts
    ]
    if item.question or item.references:
        has = [f"reference answers: {item.references}"] * bool(item.references)
        words = [f"question of {item.question} words"] * bool(item.question)
        lines.append(", ".join([*words, *has]))
    if item.repeated:
        contradicting = f", {item.contradicting:,} of them" if item.contradicting else ", none"
        lines.append(
            f"same text as another response: {item.repeated:,}{contradicting} with different scores"
        )
    about = [f"\nItem '{item.item_id}'"] if several else [""]
    return [*about, *(f"  {line}" for line in lines)]


def _counts(counts: Mapping[str, int]) -> str:
    listed = [f"{name or 'neither'} {count:,}" for name, count in counts.items()]
    more = f", and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
