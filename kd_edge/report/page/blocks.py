"""What a report is made of, whatever it is written as: headings, text, tables, plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kd_edge.report.figures.disagreements import Disagreement
from kd_edge.report.figures.limits import Limit
from kd_edge.report.page.svg import Plot


@dataclass(frozen=True)
class Heading:
    """A heading.

    Attributes:
        text: what it says.
        level: 1 for an item, 2 for a part of one.
        anchor: a name to link to, "" for none.
    """

    text: str
    level: int = 2
    anchor: str = ""


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Attributes:
        text: what it says.
        kind: "", "lead" for the first sentence to read, "note" for small print.
    """

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Points:
    """A list of sentences.

    Attributes:
        texts: the sentences.
        flagged: whether they tell of figures outside their limits.
    """

    texts: tuple[str, ...]
    flagged: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what it says.
        flagged: whether its figure is outside its limit.
    """

    text: str
    flagged: bool = False


@dataclass(frozen=True)
class Table:
    """A table: the first column names the rows.

    Attributes:
        title: what it holds.
        header: the columns' names.
        rows: as many cells each.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Plots:
    """Plots beside each other."""

    plots: tuple[Plot, ...]


@dataclass(frozen=True)
class Responses:
    """Responses with what is said of them; students' words.

    Attributes:
        title: which they are.
        rows: the responses.
    """

    title: str
    rows: tuple[Disagreement, ...]


Block = Heading | Text | Points | Table | Plots | Responses


def cell(said: str, value: float | None = None, limit: Limit | None = None) -> Cell:
    """A cell, flagged where its value is outside the limit."""
    return Cell(said, limit is not None and limit.broken(value))


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[Cell | str]]) -> Table:
    """A table of cells and plain texts."""
    cells = tuple(tuple(one if isinstance(one, Cell) else Cell(one) for one in row) for row in rows)
    return Table(title, tuple(header), cells)
