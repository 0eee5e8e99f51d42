"""Figures of scorers as tables: for the terminal by rich, for documents as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kd_edge.console.tables import markdown, short, terminal_table
from kd_edge.evaluation.agreement import Line, Sizes

if TYPE_CHECKING:
    from rich.table import Table

    from kd_edge.evaluation.pooled import Pooled

_COLUMNS = ("", "QWK", "exact (accuracy)", "adjacent", "macro F1", "parameters", "bytes")

_POOLED = ("", "items", "responses", "mean QWK", "lowest QWK", "exact (accuracy)")


def figures_table(title: str, lines: Sequence[Line]) -> Table:
    """The lines as a table for the terminal."""
    return terminal_table(title, _COLUMNS, [_cells(line) for line in lines])


def pooled_table(scorers: Sequence[Pooled]) -> Table:
    """Each scorer's figures over all items as a table for the terminal."""
    rows = [
        [
            one.name,
            str(one.items),
            f"{one.responses:,}",
            f"{one.qwk:.3f}",
            f"{one.least_qwk:.3f} ({one.least_item})",
            f"{one.accuracy:.3f}",
        ]
        for one in scorers
    ]
    return terminal_table("All items", _POOLED, rows)


def figures_markdown(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    return markdown(_COLUMNS, [_cells(line) for line in lines])


def smaller(sizes: Sizes) -> str:
    """How much smaller the student is, in a sentence."""
    return (
        f"{sizes.times_fewer_parameters:,.0f} times fewer parameters than the teacher; "
        f"{sizes.times_smaller:,.0f} times fewer bytes for what a device reads "
        f"({sizes.plain_bytes:,} bytes), {sizes.times_smaller_bundle:,.0f} times for the whole "
        f"bundle ({sizes.bundle_bytes:,} bytes)"
    )


def _cells(line: Line) -> list[str]:
    figures = line.agreement
    adjacent = "" if figures.adjacent is None else f"{figures.adjacent:.3f}"
    return [
        line.name,
        f"{figures.qwk:.3f}",
        f"{figures.accuracy:.3f}",
        adjacent,
        f"{figures.macro_f1:.3f}",
        "" if line.parameters is None else short(line.parameters),
        "" if line.bytes is None else short(line.bytes),
    ]
