"""Tables for the terminal and for documents, whatever they are about."""

from __future__ import annotations

import io
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table


_UNITS = ("", "k", "M", "G", "T")
_GAP = 2  # columns between two columns of a table
_TEXT_WIDTH = 80  # of sentences, where no terminal has another
_PIPE_WIDTH = 200  # of tables
_NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class TerminalTable:
    """A table that rich prints without breaking a word or cutting a number.

    Columns of numbers are aligned to the right. On a terminal too narrow for one line a row, the
    widest column is wrapped between words; where that is not enough, each row becomes a short
    paragraph of "header value" pairs.

    Attributes:
        title: above the table.
        header: a name for each column; the names are wrapped between words.
        rows: a cell for each column.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """See rich."""
        from rich.text import Text

        width = options.max_width
        if self.title:
            title = _wrapped(self.title, min(width, _TEXT_WIDTH))
            yield Text(title, "table.title")  # a name in square brackets is no markup
        widths = self._widths(width)
        yield self._table(widths) if widths else Text(self._paragraphs(width))

    def _widths(self, room: int) -> list[int]:
        """Each column's width, [] where there is too little room."""
        from rich.cells import cell_len

        def longest(texts: Iterable[str]) -> int:
            return max(map(cell_len, texts), default=0)

        columns = [[row[at] for row in self.rows] for at in range(len(self.header))]
        names = [longest(name.split()) for name in self.header]
        widths = [max(name, longest(cells)) for name, cells in zip(names, columns, strict=True)]
        excess = sum(widths) + _GAP * (len(widths) - 1) - room
        if excess <= 0:
            return widths
        at = widths.index(max(widths))
        widths[at] -= excess
        least = max(names[at], longest(word for cell in columns[at] for word in cell.split()))
        return widths if widths[at] >= least else []

    def _table(self, widths: list[int]) -> Table:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
        for at, (name, width) in enumerate(zip(self.header, widths, strict=True)):
            numbers = at and all(row[at][:1] in "-0123456789" for row in self.rows)
            table.add_column(Text(name), width=width, justify="right" if numbers else "left")
        for row in self.rows:
            table.add_row(*map(Text, row))
        return table

    def _paragraphs(self, width: int) -> str:
        lines: list[str] = []
        for first, *cells in self.rows:
            pairs = [
                f"{name} {cell}".replace(" ", _NO_BREAK)
                for name, cell in zip(self.header[1:], cells, strict=True)
                if cell
            ]
            lines += textwrap.wrap(first, width, break_long_words=False)
            lines += textwrap.wrap(
                ", ".join(pairs),
                width,
                initial_indent="  ",
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        return "\n".join(lines).replace(_NO_BREAK, " ")


def print_tables(*tables: TerminalTable, stderr: bool = False) -> None:
    """Prints tables to standard output or standard error."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        Console(stderr=stderr).print(*tables)
        return
    # A pipe has no width: the rows of a table must not be folded for one.
    console = Console(file=io.StringIO(), width=_PIPE_WIDTH)
    with console.capture() as printed:
        console.print(*tables)
    for line in printed.get().splitlines():
        click.echo(line.rstrip(), err=stderr)


def print_text(text: str) -> None:
    """Prints sentences to standard output, each line of `text` wrapped between words."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _TEXT_WIDTH
    for line in text.splitlines():
        click.echo(_wrapped(line, width))


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


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
