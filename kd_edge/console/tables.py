"""Tables for the terminal and for documents, whatever they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


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


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, the others to the right."""
    marks = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, marks, *rows))


def short(number: int) -> str:
    """A count in three digits: 22.7 M, 28.0 k, 612."""
    if number < 1000:
        return str(number)
    digits, power = f"{number:.2e}".split("e")  # rounded before the unit is chosen
    unit, place = divmod(int(power), 3)
    return f"{float(digits) * 10**place:.{2 - place}f} {_UNITS[unit]}"
