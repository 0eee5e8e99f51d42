"""`kd-edge run --together`: one student for all questions."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.data.responses import Responses
    from kd_edge.runs.cross_item.agreement import Part
    from kd_edge.runs.cross_item.run import TogetherReport
    from kd_edge.runs.pipeline import RunOptions

_HEADER = ("", "accuracy", "macro F1", "weighted F1")


def go_together(
    given: Responses, test: Responses | None, output: Path, options: RunOptions, as_json: bool
) -> None:
    """Goes the whole way for all questions at once, and shows what came of it.

    Raises:
        InputError: another kind of student was asked for, or see `run_together`.
    """
    if options.distil.student != "bag":
        raise InputError(
            f"one student for all questions cannot be a {options.distil.student}: leave out "
            "--student or --together"
        )
    from kd_edge.runs.cross_item.run import run_together

    report = run_together(given, output, options, test)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2, ensure_ascii=False))
    else:
        _show(report, output)


def _show(report: TogetherReport, output: Path) -> None:
    from rich.console import Console

    from kd_edge.console.tables import short, terminal_table

    # A pipe has no width: a table must not be cut to one.
    console = Console(width=None if sys.stdout.isatty() else 200)
    for part in report.parts:
        title = f"{_title(part)} ({report.test_rows})"
        console.print(terminal_table(title, _HEADER, figure_rows(part)))
        click.echo()
    sizes = report.sizes
    click.echo(
        f"Student: {short(sizes.student_parameters)} parameters, {sizes.shared_bytes:,} bytes for "
        f"all questions and {sizes.question_bytes:,.0f} more for each; teacher: "
        f"{short(sizes.teacher_parameters)} parameters, {sizes.teacher_bytes:,} bytes"
    )
    click.echo(f"Bundle: {output / report.bundle} ({sizes.bundle_bytes:,} bytes)")


def _title(part: Part) -> str:
    number = next(iter(part.scorers.values())).responses
    return f"{number} responses, {part.name}"


def figure_rows(part: Part) -> list[list[str]]:
    """A line a scorer: accuracy, macro F1, weighted F1."""
    return [
        [who, *(f"{value:.3f}" for value in (one.accuracy, one.macro_f1, one.weighted_f1))]
        for who, one in part.scorers.items()
    ]
