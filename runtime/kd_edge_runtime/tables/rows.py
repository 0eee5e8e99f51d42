"""A table of responses in, the same table with the machine's columns out, row by row.

Nothing but a batch of rows is ever in memory. Bad rows are collected, and all of them
are reported at once; the output appears only when the whole of it is right.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from kd_edge_runtime._startup.dataclass import TYPE_CHECKING, NamedTuple, dataclass
from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.scorer import Score, Scorer
from kd_edge_runtime.tables.columns import ITEM_NAMES, TEXT_NAMES, Tiers, candidates, closest

if TYPE_CHECKING:
    from typing import Callable

# Rows scored at once: enough for numpy, little to hold.
BATCH = 1000

# Problems kept for the report; a table that is wrong throughout needs no more.
_MOST_PROBLEMS = 200

# What is longer is no column's name.
_LONGEST_NAME, _NAME_WORDS = 40, 5

MACHINE_COLUMNS = ("predicted", "expected", "confidence", "flag")


@dataclass(frozen=True)
class Columns:
    """Where a table holds what the scorer needs.

    Attributes:
        header: the names as the table writes them.
        text: index of the responses.
        item: index of the item each row answers, or None if all answer `item_id`.
        item_id: the item where the table has no column for it.
    """

    header: tuple[str, ...]
    text: int
    item: int | None
    item_id: str | None


def find_columns(
    header: Sequence[str],
    source: str,
    items: Sequence[str],
    text_column: str | None = None,
    item_column: str | None = None,
    item_id: str | None = None,
) -> Columns:
    """Finds the columns of a table to score.

    Args:
        header: the names in the first row.
        source: the table's name for messages.
        items: the items of the bundle.
        text_column: the responses' column where the user named it.
        item_column: the items' column where the user named it.
        item_id: the one item that all rows answer, where the user named it.

    Raises:
        TableError: a column is missing, named twice, or could be either of two.
    """
    problems: list[Problem] = []
    for name in sorted({name for name in header if header.count(name) > 1}):
        called = f"called '{name}'" if _is_name(name) else "called the same"
        problems.append(Problem(f"two columns are {called}", row=1))
    text = find_column(header, text_column, TEXT_NAMES, "the responses", "--text-column", problems)
    item = None
    if item_id is None and (item_column is not None or len(items) > 1):
        what = "the item of each response"
        item = find_column(header, item_column, ITEM_NAMES, what, "--item-column", problems)
    if problems or text is None:
        raise TableError(source, problems, _there(header))
    return Columns(tuple(header), text, item, item_id or (items[0] if item is None else None))


def _there(header: Sequence[str]) -> str:
    """Which columns there are; in a table without their names a student's words stand there."""
    if not all(map(_is_name, header)):
        return "Row 1 looks like a response: put a row of column names above it."
    return "The columns are " + ", ".join(f"'{name}'" for name in header[:20]) + "."


def _is_name(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and len(name.split()) <= _NAME_WORDS


def find_column(
    header: Sequence[str],
    named: str | None,
    usual: Tiers,
    what: str,
    option: str,
    problems: list[Problem],
) -> int | None:
    """The column that is named, or has a usual name; None, and one more problem, for none."""
    if named is not None:
        if named in header:
            return list(header).index(named)
        close = closest(named, header)
        hint = f" (did you mean '{close}'?)" if close else ""
        problems.append(Problem(f"there is no column '{named}'{hint}"))
        return None
    found = candidates(header, usual)
    if len(found) == 1:
        return found[0]
    if found:
        either = " and ".join(f"'{header[index]}'" for index in found)
        problems.append(Problem(f"{either} could both hold {what}: say which with {option}"))
    else:
        problems.append(Problem(f"no column holds {what}: name it with {option}"))
    return None


class Scored(NamedTuple):
    """One row of the table with what the machine makes of it."""

    fields: list[str]
    item_id: str
    score: Score


_made: Callable[[tuple[object, ...]], Scored] = partial(tuple.__new__, Scored)


class TableScorer:
    """Scores a table.

    Args:
        scorer: an open bundle.
        source: the table's name for messages.
    """

    def __init__(self, scorer: Scorer, source: str) -> None:
        self._scorer = scorer
        self._source = source
        self._items = {entry.item_id for entry in scorer.bundle.manifest.items}
        self._problems: list[Problem] = []
        self._bad = 0
        self._unreadable = ""

    def scored(self, rows: Iterable[list[str]], columns: Columns) -> Iterator[list[Scored]]:
        """Scores the rows after the header, batch by batch, in their order.

        Args:
            rows: the table's records.
            columns: where the responses are.

        Raises:
            TableError: at the end, with all bad rows; what was yielded until then must not
                be kept.
        """
        row, readable = 2, self._readable(rows)
        while True:
            batch = [*islice(readable, BATCH)]
            if self._unreadable:
                self._note(Problem(self._unreadable, row + len(batch)))
                self._unreadable = ""
            if not batch:
                break
            good = self._good(batch, row, columns)
            row += len(batch)
            if not self._bad:
                yield self._batch(*good, columns)
        if self._bad:
            # A row that cannot be read is met while its batch is gathered, before the others.
            told = sorted(self._problems, key=lambda problem: problem.row or 0)
            raise TableError(self._source, told, unlisted=self._bad - len(told))

    def _readable(self, rows: Iterable[list[str]]) -> Iterator[list[str]]:
        """The rows up to the first that cannot be read, of which `_unreadable` tells."""
        try:
            yield from rows
        except csv.Error as error:
            self._unreadable = csv_problem(error)
        except UnicodeDecodeError:
            self._unreadable = "this is not UTF-8: save the table as 'CSV UTF-8'"

    def _note(self, problem: Problem) -> None:
        self._bad += 1
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(problem)

    def _good(
        self, batch: list[list[str]], row: int, columns: Columns
    ) -> tuple[list[list[str]], list[str]]:
        """The rows that can be scored, and their items; empty lines are passed over.

        Args:
            batch: rows.
            row: the first one's, as a spreadsheet counts them.
            columns: where the responses are.
        """
        if {*map(len, batch)} == {len(columns.header)}:
            items = [*map(self._item(columns), batch)]
            if self._items.issuperset(items):
                return batch, items
        good = [
            (fields, self._item(columns)(fields))
            for at, one in enumerate(batch, row)
            for fields in self._checked(at, one, columns)
        ]
        return [fields for fields, _ in good], [item for _, item in good]

    def _checked(self, row: int, fields: list[str], columns: Columns) -> list[list[str]]:
        """The row if it can be scored."""
        if not fields:
            if len(columns.header) > 1:
                return []
            fields = [""]  # in a table of one column an empty line is a blank response
        if len(fields) != len(columns.header):
            wrong = f"{len(fields)} fields where the header has {len(columns.header)}"
            self._note(Problem(wrong, row))
            return []
        if self._item(columns)(fields) not in self._items:
            name = None if columns.item is None else columns.header[columns.item]
            self._note(Problem("the bundle has no such item", row, name))
            return []
        return [fields]

    def _item(self, columns: Columns) -> Callable[[list[str]], str]:
        """What tells the item that a row answers."""
        at, item = columns.item, str(columns.item_id)
        return (lambda _: item) if at is None else (lambda fields: fields[at].strip())

    def _batch(self, rows: list[list[str]], items: list[str], columns: Columns) -> list[Scored]:
        texts: dict[str, list[str]] = {}
        for item, fields in zip(items, rows):
            texts.setdefault(item, []).append(fields[columns.text])
        scored = {item: iter(self._scorer.score_many(own, item)) for item, own in texts.items()}
        scores = map(next, map(scored.__getitem__, items))
        return [*map(_made, zip(rows, items, scores))]


def csv_problem(error: csv.Error) -> str:
    """What the csv module's words mean."""
    told = str(error)
    if "expected after" in told:
        return 'a quotation mark inside a quoted field has to be doubled ("")'
    if "unexpected end" in told:
        return "a quotation mark is opened in this row and never closed"
    return f"this is not CSV: {told}"


def machine_header(
    classes: Sequence[str], header: Sequence[str], prefix: str, source: str
) -> list[str]:
    """The names of the columns that scoring adds.

    Args:
        classes: the classes that get a column of probabilities.
        header: the columns that are there already.
        prefix: put before each name.
        source: the table's name for messages.

    Raises:
        TableError: a name is taken.
    """
    names = [prefix + name for name in MACHINE_COLUMNS]
    names += [f"{prefix}p_{name}" for name in classes]
    problems = [
        Problem("the table has a column of this name already", 1, name)
        for name in names
        if name in header
    ]
    if problems:
        hint = "Give the machine's columns names of their own, e.g. --prefix m_"
        raise TableError(source, problems, hint)
    return names


def all_classes(entries: Iterable[ItemEntry]) -> list[str]:
    """The classes of several items, each once, in the items' order."""
    return list(dict.fromkeys(name for entry in entries for name in entry.classes))


def quoter(delimiter: str) -> Callable[[str], str]:
    r"""What quotes a field of a table where it has to be: as the csv module does, in less time.

    Lines end in \n; a field with a lone \r is quoted all the same, or readers would split it.
    """

    def quoted(field: str) -> str:
        if '"' in field:
            field = field.replace('"', '""')
        elif delimiter not in field and "\n" not in field and "\r" not in field:
            return field
        return f'"{field}"'

    return quoted


def machine_text(
    entry: ItemEntry, classes: Sequence[str], delimiter: str
) -> Callable[[Score], str]:
    """What writes the fields that scoring adds to a row after `predicted`.

    Blank for the classes of other items; with a delimiter before each, and the row's end after.
    """
    places = [entry.classes.index(name) if name in entry.classes else -1 for name in classes]
    shares = ["" if place < 0 else "%.6f" for place in places]
    form = delimiter.join(["", "%.4f", "%.4f", "%s", *shares]) + "\n"
    order = [place for place in places if place >= 0]
    if order == sorted(order):
        return lambda one: form % (one.expected, one.confidence, one.flag, *one.probabilities)
    return lambda one: (
        form % (one.expected, one.confidence, one.flag, *(one.probabilities[at] for at in order))
    )
