"""`kd-edge run`: the whole way in one command."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.distilling import distil_options, to_distil_options
from kd_edge.cli.reading import (
    prompts_by_item,
    read,
    read_unlabelled,
    reading_options,
    unlabelled_option,
)
from kd_edge.cli.teaching import teacher_options, to_teacher_options

if TYPE_CHECKING:
    from kd_edge.runs.run import RunReport


@click.command()
@click.argument("responses", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for all that is made.",
)
@click.option(
    "--test",
    type=click.Path(path_type=Path),
    help="Scored responses to measure on; rows marked 'test' in RESPONSES are left out then.  "
    "[default: those rows, or a fifth]",
)
@click.option(
    "--prompt",
    "prompts",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Text file with the item's prompt or rubric, for golden rows and to flag copies of it "
    "(may be repeated); for several items a folder with a file <item>.txt for each, or with "
    "<item>/prompt.txt and <item>/rubric.txt.",
)
@unlabelled_option
@click.option(
    "--teachers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Teachers of one item, from one seed after another; the student learns from all of them.",
)
@click.option(
    "--folds",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Cross-fit the soft labels with so many teachers; 0: one teacher labels all.",
)
@click.option(
    "--variants",
    type=click.IntRange(min=0),
    help="Variants for the teacher to label.  [default: 40 a response, 20,000 to 50,000]",
)
@click.option(
    "--together",
    is_flag=True,
    help="One student for all items, by how a response relates to the item's reference answers: "
    "for few responses an item, and for items of --test that have none in RESPONSES.",
)
@distil_options
@teacher_options
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, not as a table.")
def run(
    responses: Path,
    output: Path,
    test: Path | None,
    prompts: tuple[Path, ...],
    unlabelled: Path | None,
    teachers: int,
    folds: int,
    variants: int | None,
    together: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Go the whole way: scored RESPONSES in, a checked bundle and its figures out.

    Fine-tunes a teacher, labels the responses and thousands of variants with it, distils a
    student (and the same student without a teacher, to compare), and writes bundle.kdz and
    report.json. What is there already and unchanged is kept: after Ctrl-C, start the same
    command again. Of several items, one that fails stops no other; the exit code is 1 then.

    \b
    Examples:
      kd-edge run responses.csv -o out
      kd-edge run train.tsv --test test.tsv --item 1 -o out --prompt prompt.txt
      kd-edge run assessment.csv -o out --prompt prompts --unlabelled more.csv
      kd-edge run responses.csv -o out --teachers 2
      kd-edge run responses.csv -o out --student rnn --variants 10000 --json
      kd-edge run responses.csv -o out --review-accuracy 0.95
      kd-edge run training/3way/beetle -o out --together --test test-unseen-questions
    """
    if together and prompts:
        raise click.UsageError("--together takes the questions from RESPONSES, and no --prompt")
    if together and unlabelled:
        raise click.UsageError("--together takes scored responses only, and no --unlabelled")
    distil = to_distil_options(values)
    teacher = to_teacher_options(values)
    given = read(responses, values)
    sources = prompts_by_item(prompts, given)
    # Where no column names the item, another file's only item is that of the responses.
    only = given.items[0].item_id if len(given.items) == 1 else None
    other = None if test is None else read(test, values, scored=False, item_id=only)
    more = read_unlabelled(unlabelled, values, only)

    from kd_edge.runs.pipeline import RunOptions

    options = RunOptions(
        teacher=teacher, teachers=teachers, folds=folds, variants=variants, distil=distil
    )
    if together:
        from kd_edge.cli.together import go_together

        go_together(given, other, output, options, as_json)
        return
    from kd_edge.runs.run import run as go_the_whole_way

    report = go_the_whole_way(given, output, options, other, sources, more)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2, ensure_ascii=False))
    else:
        _show(report, output)
    if report.failed:
        sys.exit(1)


def _show(report: RunReport, output: Path) -> None:
    from kd_edge.console.tables import print_tables
    from kd_edge.evaluation.tables import LEGEND, figures_table, pooled_table, smaller

    for item in report.items:
        title = (
            f"Item '{item.item_id}': agreement with people's scores on {item.rows['test']} "
            f"responses ({item.test_rows})"
        )
        print_tables(figures_table(title, item.lines))
        click.echo(f"\n{smaller(item.sizes)}\n{item.review}\n")
    if len(report.items) > 1:
        print_tables(pooled_table(report.pooled))
        click.echo()
    if report.items:
        click.echo(f"{LEGEND}\n")
    for item in report.failed:
        click.echo(f"Item '{item.item_id}' failed and is not in the bundle: {item.why}", err=True)
    click.echo(f"Bundle: {output / report.bundle}")
