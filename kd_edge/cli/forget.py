"""`kd-edge forget`: a run's folder without responses."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import PATH, json_option, print_json
from kd_edge_runtime.errors import InputError, printable

_ELSEWHERE = (
    "Not in this folder, and yours to remove: your tables of responses and scores, labels and "
    "reports written elsewhere, and copies in backups and in snapshots of the file system."
)


@click.command(cls=GroupedCommand)
@click.argument("out", type=PATH)
@OptionGroup.GENERAL.option("--yes", is_flag=True, help="Remove without asking.")
@json_option
def forget(out: Path, yes: bool, as_json: bool) -> None:
    """Remove students' responses from the folder of a run.

    Removes soft labels, variants, scores of test responses, checkpoints, the large and small models
    in training form, with the ids of responses, and copies of prompts. Keeps the bundle with its
    model card, and the figures; the report stays, or is made, without responses. Shows what will be
    removed, and asks. The next run in this folder starts from the beginning.

    \b
    Examples:
      kd-edge forget out
      kd-edge forget out --yes --json
    """
    from kd_edge.runs.forget import forget as forget_run
    from kd_edge.runs.forget import look

    found = look(out)
    if not yes:
        click.echo(f"{out}: will remove {_listed(found.removed) or 'nothing'}.", err=True)
        click.echo("The models in it cannot be trained further or exported again.", err=True)
        if as_json or not _can_ask():
            raise InputError("nothing was removed: give --yes to remove without being asked")
        click.confirm("Remove it?", abort=True, err=True)

    def summarise() -> None:
        from kd_edge.report.make import make_report

        make_report(out, out, responses=False)

    done = forget_run(out, summarise)
    if as_json:
        print_json({"folder": str(out), **asdict(done)})
        return
    click.echo(f"Removed: {_listed(done.removed) or 'nothing'}")
    click.echo(f"Kept: {_listed(done.kept) or 'nothing'}")
    if done.others:
        click.echo(f"Left alone, since no run wrote it: {_listed(done.others)}")
    if done.links:
        click.echo(
            f"Links, of which what they lead to is still there, and yours to remove: "
            f"{_listed(done.links)}"
        )
    click.echo(_ELSEWHERE)


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(printable, names))
