"""`kd-edge run --together`: one small model for all questions (items)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kd_edge.cli.options import print_json
from kd_edge.students import registry
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.data.responses import Responses
    from kd_edge.runs.cross_item.agreement import Part
    from kd_edge.runs.cross_item.run import TogetherReport
    from kd_edge.runs.pipeline import RunOptions

_HEADER = ("", "accuracy", "macro F1", "weighted F1")


def run_and_show(
    responses: Responses, test: Responses | None, output: Path, options: RunOptions, as_json: bool
) -> None:
    """Makes a bundle with one student for all questions, and prints its figures.

    Raises:
        InputError: another kind of student was asked for, or see `run_together`.
    """
    if options.distil.student != registry.DEFAULT:
        raise InputError(
            f"one small model for all items cannot be of kind {options.distil.student}: leave out "
            "--student or --together"
        )
    from kd_edge.runs.cross_item.run import run_together

    report = run_together(responses, output, options, test)
    if as_json:
        print_json(asdict(report))
    else:
        _show(report, output)


def _show(report: TogetherReport, output: Path) -> None:
    from kd_edge.console.tables import TerminalTable, print_tables, short
    from kd_edge.evaluation.tables import LEGEND

    for part in report.parts:
        count = next(iter(part.scorers.values())).responses
        title = f"{count} responses, {part.name} ({report.test_rows})"
        print_tables(TerminalTable(title, _HEADER, figure_rows(part)))
        click.echo()
    sizes = report.sizes
    click.echo(
        f"Small model: {short(sizes.student_parameters)} parameters, {sizes.shared_bytes:,} bytes "
        f"for all questions and {sizes.question_bytes:,.0f} more for each. Large model: "
        f"{short(sizes.teacher_parameters)} parameters, {sizes.teacher_bytes:,} bytes.\n"
    )
    click.echo(f"{LEGEND}\n")
    click.echo(f"Bundle: {output / report.bundle} ({sizes.bundle_bytes:,} bytes)")


def figure_rows(part: Part) -> list[list[str]]:
    """A row for each scorer: its name, accuracy, macro F1, weighted F1."""
    from kd_edge.evaluation.agreement import scorer_name

    return [
        [
            scorer_name(name),
            *(f"{value:.3f}" for value in (found.accuracy, found.macro_f1, found.weighted_f1)),
        ]
        for name, found in part.scorers.items()
    ]
