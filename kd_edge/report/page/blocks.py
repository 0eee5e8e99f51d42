"""The parts of a report, whatever its format: headings, text, tables, plots, responses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from kd_edge.console.svg import Plot
from kd_edge.report.figures.limits import Limit

# What a phone shows without scrolling: columns, and letters of all of them beside each other.
_MOST_COLUMNS, _MOST_LETTERS = 5, 40
# What the space between two columns is worth.
_LETTERS_BETWEEN = 2


@dataclass(frozen=True)
class Heading:
    """A heading: level 1 for an item, 2 for a part of one, which may begin a printed page."""

    kind: ClassVar[str] = "heading"
    text: str
    level: int = 2
    anchor: str = ""
    page: bool = False


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Its style is "", "lead" for the main sentence, "note" for small print, "aside" for what a reader
    must know beside it, or "source" for a text that is quoted as it is.
    """

    kind: ClassVar[str] = "text"
    text: str
    style: str = ""


@dataclass(frozen=True)
class Points:
    """A list of sentences, flagged where they are about figures outside their limits."""

    kind: ClassVar[str] = "points"
    texts: tuple[str, ...]
    flagged: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of a table, flagged where its figure is outside its limit."""

    text: str
    flagged: bool = False


@dataclass(frozen=True)
class Table:
    """A table of C columns; the first cell of a row names it.

    A wide table becomes a card for each row where the screen is narrow.
    """

    kind: ClassVar[str] = "table"
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def wide(self) -> bool:
        """Whether it has more columns than fit on a phone, where heads wrap and figures do not."""
        heads = [_longest_word(head) for head in self.header]
        cells = [
            [_longest_word(row[0].text), *(len(cell.text) + 2 * cell.flagged for cell in row[1:])]
            for row in self.rows
        ]
        widest = [max(column) for column in zip(heads, *cells, strict=True)]
        letters = sum(widest) + _LETTERS_BETWEEN * (len(widest) - 1)
        return len(self.header) > _MOST_COLUMNS or letters > _MOST_LETTERS


def _longest_word(text: str) -> int:
    return max(map(len, text.split()), default=0)


@dataclass(frozen=True)
class Tile:
    """A figure in large letters, and what it is."""

    figure: str
    text: str


@dataclass(frozen=True)
class VerdictPanel:
    """The verdict: its style ("use", "review", "dont"), itself, what it means, its figures."""

    kind: ClassVar[str] = "verdict"
    style: str
    answer: str
    meaning: str
    tiles: tuple[Tile, ...] = ()


@dataclass(frozen=True)
class Checks:
    """Rules, each with whether it holds."""

    kind: ClassVar[str] = "checks"
    rows: tuple[tuple[bool, str], ...]


@dataclass(frozen=True)
class Facts:
    """Names and what is to say of each."""

    kind: ClassVar[str] = "facts"
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Plots:
    """Plots side by side."""

    kind: ClassVar[str] = "plots"
    plots: tuple[Plot, ...]


@dataclass(frozen=True)
class ResponseRow:
    """A response, the scores that it was given, and sentences on them."""

    text: str
    scores: str
    response_id: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResponseList:
    """Responses with all scores that they were given; students' words."""

    kind: ClassVar[str] = "responses"
    title: str
    rows: tuple[ResponseRow, ...]


@dataclass(frozen=True)
class Fold:
    """Blocks that are shown when a reader opens them: what only some need."""

    kind: ClassVar[str] = "fold"
    title: str
    blocks: tuple[Block, ...]


Block = (
    Heading | Text | Points | Table | Plots | VerdictPanel | Checks | Facts | ResponseList | Fold
)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        head: its name.
        cell: its cell, or the cell's text, for a row of whatever type the table has.
        needs: what the item must have for the column to be shown; "" to show it always.
    """

    head: str
    cell: Callable[[Any], Cell | str]
    needs: str = ""


def figure(
    head: str,
    of: Callable[[Any], float | None],
    form: Callable[[float | None], str],
    limit: Limit | None = None,
    needs: str = "",
) -> Column:
    """A column of a row's figures, written by `form` and flagged outside the limit."""

    def cell(row: Any) -> Cell:
        value = of(row)
        return Cell(form(value), limit is not None and limit.broken(value))

    return Column(head, cell, needs)


def table(
    title: str, columns: Sequence[Column], rows: Sequence[Any], available: Collection[str] = ()
) -> Table:
    """A table of the columns whose needs are available."""
    shown = [column for column in columns if not column.needs or column.needs in available]
    raw = [[column.cell(row) for column in shown] for row in rows]
    cells = tuple(tuple(Cell(c) if isinstance(c, str) else c for c in row) for row in raw)
    return Table(title, tuple(column.head for column in shown), cells)
