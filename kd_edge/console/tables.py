"""Figures as tables: for the terminal by rich, for documents as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kd_edge.evaluation.agreement import Line, Sizes

if TYPE_CHECKING:
    from rich.table import Table

    from kd_edge.bundling.parity import FormParity
    from kd_edge.runs.items import Pooled

_COLUMNS = ("", "QWK", "exact (accuracy)", "adjacent", "macro F1", "parameters", "bytes")

_POOLED = ("", "items", "responses", "mean QWK", "lowest QWK", "exact (accuracy)")

_PARITY = (
    *("form", "bytes", "on", "responses", "greatest difference", "mean difference"),
    *("equal classes", "QWK", "against PyTorch"),
)

_UNITS = ("", "k", "M", "G", "T")


def terminal_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table for the terminal: the first column to the left, the others to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # As text: a name in square brackets is no markup.
    table = Table(
        title=Text(title),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    for at, name in enumerate(header):
        # Two lines a header fit 80 columns; where there are fewer, they are folded and not cut.
        justify = "right" if at else "left"
        table.add_column(name.replace(" ", "\n"), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


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


def parity_table(title: str, forms: Sequence[FormParity]) -> Table:
    """Each form of a student against PyTorch as a table for the terminal."""
    return terminal_table(title, _PARITY, [parity_cells(one) for one in forms])


def parity_cells(one: FormParity) -> list[str]:
    """A row of `parity_table`: on held-out responses where there are any."""
    all_ = one.held_out or one.golden
    return [
        one.form,
        f"{one.bytes:,}",
        "held-out" if one.held_out else "golden",
        f"{all_.responses:,}",
        f"{all_.greatest:.1e}",
        f"{all_.mean:.1e}",
        f"{all_.equal:.1%}",
        "" if one.qwk is None else f"{one.qwk:.3f}",
        "" if one.qwk_change is None else f"{one.qwk_change:+.4f}",
    ]


def figures_markdown(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    return markdown(_COLUMNS, [_cells(line) for line in lines])


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, the others to the right."""
    marks = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, marks, *rows))


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


def short(number: int) -> str:
    """A count in three digits: 22.7 M, 28.0 k, 612."""
    if number < 1000:
        return str(number)
    digits, power = f"{number:.2e}".split("e")  # rounded before the unit is chosen
    unit, place = divmod(int(power), 3)
    return f"{float(digits) * 10**place:.{2 - place}f} {_UNITS[unit]}"
