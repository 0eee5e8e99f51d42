"""`kd-edge report`: the results of a run as a page to read."""

from __future__ import annotations

from pathlib import Path

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import NEW_FOLDER, PATH, json_option, print_json
from kd_edge_runtime.errors import InputError, missing_file


@click.command(cls=GroupedCommand)
@click.argument(
    "sources",
    metavar="OUT | BENCH.json...",
    nargs=-1,
    required=True,
    type=PATH,
)
@OptionGroup.OUTPUT.option(
    "-o",
    "--output",
    type=NEW_FOLDER,
    help="Folder for report.html and report.md.  [default: OUT]",
)
@OptionGroup.OUTPUT.option(
    "--no-responses",
    is_flag=True,
    help="Leave out students' responses and ids, so that the page can be shown to others.",
)
@OptionGroup.OUTPUT.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    help="How long a person takes to mark a response: for the minutes of marking that are saved.",
)
@json_option
def report(
    sources: tuple[Path, ...],
    output: Path | None,
    no_responses: bool,
    seconds: float,
    as_json: bool,
) -> None:
    """Write whether a run's small model is good enough, as a page to read and to print.

    OUT is the folder that 'kd-edge run' wrote. The page begins with a verdict: use it, use it with
    review, or don't; why, and what a wrong score looks like. The statistics are folded below. It
    needs no network and no other file. It shows responses on which the small model and people
    disagree; with --no-responses it contains no student's words. After a run with --together it
    shows all questions pooled, new questions separately, and each question.

    Given files that 'kd-edge bench' wrote, on one device or many, it joins them into one table
    and plots, by default in the folder 'benches' beside the first file.

    \b
    Examples:
      kd-edge report out
      kd-edge report out -o shared --no-responses
      kd-edge report out --json
      kd-edge report pi-4.json pi-zero.json laptop.json -o benches
    """
    if all(path.suffix == ".json" for path in sources):
        _benches(sources, output or sources[0].parent / "benches", as_json)
        return
    if len(sources) > 1:
        raise InputError("give one folder of a run, or only files of 'kd-edge bench'")
    if not sources[0].exists():
        raise missing_file(sources[0], "folder", "name the folder that 'kd-edge run' wrote")
    if not sources[0].is_dir():
        raise InputError(f"{sources[0]}: this is a file; name the folder that 'kd-edge run' wrote")

    from kd_edge.report.make import make_report

    written = make_report(
        sources[0], output or sources[0], responses=not no_responses, seconds=seconds
    )
    if as_json:
        print_json(written.figures)
    else:
        from kd_edge.console.tables import print_text

        for line in written.headlines:
            print_text(line)
        for path in written.files:
            click.echo(str(path))


def _benches(files: tuple[Path, ...], output: Path, as_json: bool) -> None:
    from kd_edge.report.benches.join import join_benches

    joined = join_benches(files, output)
    if as_json:
        print_json(joined.as_json())
        return
    from kd_edge.console.tables import print_tables

    print_tables(joined.table())
    for path in joined.files:
        click.echo(str(path))
