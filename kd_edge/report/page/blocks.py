"""What a report consists of, in any format: headings, text, tables, plots, responses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from kd_edge.report.figures.disagreements import Disagreement
from kd_edge.report.figures.limits import Limit
from kd_edge.report.page.svg import Plot

RowT = TypeVar("RowT")


@dataclass(frozen=True)
class Heading:
    """A heading.

    Attributes:
        text: its text.
        level: 1 for an item, 2 for a part of one.
        anchor: a name to link to, "" for none.
    """

    kind: ClassVar[str] = "heading"
    text: str
    level: int = 2
    anchor: str = ""


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Attributes:
        text: its text.
        style: "", "lead" for the first sentence to read, "note" for small print.
    """

    kind: ClassVar[str] = "text"
    text: str
    style: str = ""


@dataclass(frozen=True)
class Points:
    """A list of sentences.

    Attributes:
        texts: the sentences.
        flagged: whether they are about figures outside their limits.
    """

    kind: ClassVar[str] = "points"
    texts: tuple[str, ...]
    flagged: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: its text.
        flagged: whether its figure is outside its limit.
    """

    text: str
    flagged: bool = False


@dataclass(frozen=True)
class Table:
    """A table; the first column names the rows.

    Attributes:
        title: what it shows.
        header: the names of its C columns.
        rows: C cells each.
    """

    kind: ClassVar[str] = "table"
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Plots:
    """Plots side by side."""

    kind: ClassVar[str] = "plots"
    plots: tuple[Plot, ...]


@dataclass(frozen=True)
class ResponseList:
    """Responses with all scores that they were given; students' words.

    Attributes:
        title: which responses.
        rows: the responses.
    """

    kind: ClassVar[str] = "responses"
    title: str
    rows: tuple[Disagreement, ...]


Block = Heading | Text | Points | Table | Plots | ResponseList


@dataclass(frozen=True)
class Column(Generic[RowT]):
    """A column of a table.

    Attributes:
        head: its name.
        cell: its cell, or the cell's text, for a row.
        needs: what the item must have for the column to be shown; "" for nothing.
    """

    head: str
    cell: Callable[[RowT], Cell | str]
    needs: str = ""


def cell(text: str, value: float | None = None, limit: Limit | None = None) -> Cell:
    """A cell, flagged where its value is outside the limit."""
    return Cell(text, limit is not None and limit.broken(value))


def table(
    title: str,
    columns: Sequence[Column[RowT]],
    rows: Sequence[RowT],
    available: Collection[str] = (),
) -> Table:
    """A table of those columns whose needs are available."""
    shown = [column for column in columns if not column.needs or column.needs in available]
    made = [[column.cell(row) for column in shown] for row in rows]
    cells = tuple(tuple(Cell(c) if isinstance(c, str) else c for c in row) for row in made)
    return Table(title, tuple(column.head for column in shown), cells)
