"""A table of responses in, the same table with the machine's columns out, row by row.

Nothing but a batch of rows is ever in memory. Bad rows are collected, and all of them
are reported at once; the output appears only when the whole of it is right.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from kd_edge_runtime.columns import ITEM_NAMES, TEXT_NAMES, Tiers, candidates, closest
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.manifest import ItemEntry
from kd_edge_runtime.records import dataclass
from kd_edge_runtime.scorer import Score, Scorer

# Rows scored at once: enough for numpy, little to hold.
BATCH = 1000

# Problems kept for the report; a table that is wrong throughout needs no more.
_MOST_PROBLEMS = 200

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
        problems.append(Problem(f"two columns are called '{name}'", row=1))
    text = _find(header, text_column, TEXT_NAMES, "the responses", "--text-column", problems)
    item = None
    if item_id is None and (item_column is not None or len(items) > 1):
        what = "the item of each response"
        item = _find(header, item_column, ITEM_NAMES, what, "--item-column", problems)
    if problems or text is None:
        there = ", ".join(f"'{name}'" for name in header[:20])
        raise TableError(source, problems, f"The columns are {there}.")
    return Columns(tuple(header), text, item, item_id or (items[0] if item is None else None))


def _find(
    header: Sequence[str],
    named: str | None,
    usual: Tiers,
    what: str,
    option: str,
    problems: list[Problem],
) -> int | None:
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


@dataclass(frozen=True)
class Scored:
    """One row of the table with what the machine makes of it."""

    fields: list[str]
    item_id: str
    score: Score


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

    def scored(self, rows: Iterable[list[str]], columns: Columns) -> Iterator[list[Scored]]:
        """Scores the rows after the header, batch by batch, in their order.

        Args:
            rows: the table's records.
            columns: where the responses are.

        Raises:
            TableError: at the end, with all bad rows; what was yielded until then must not
                be kept.
        """
        numbered = self._numbered(rows)
        while True:
            batch = list(islice(numbered, BATCH))
            if not batch:
                break
            good = [one for row, fields in batch for one in self._good(row, fields, columns)]
            if not self._bad:
                yield self._batch(good, columns)
        if self._bad:
            # A row that cannot be read is met while its batch is gathered, before the others.
            told = sorted(self._problems, key=lambda problem: problem.row or 0)
            raise TableError(self._source, told, unlisted=self._bad - len(told))

    def _numbered(self, rows: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
        """The rows as a spreadsheet counts them, up to the first that cannot be read."""
        row = 1
        try:
            for row, fields in enumerate(rows, 2):
                yield row, fields
        except csv.Error as error:
            self._note(Problem(csv_problem(error), row + 1))
        except UnicodeDecodeError:
            self._note(Problem("this is not UTF-8: save the table as 'CSV UTF-8'", row + 1))

    def _note(self, problem: Problem) -> None:
        self._bad += 1
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(problem)

    def _good(self, row: int, fields: list[str], columns: Columns) -> list[tuple[list[str], str]]:
        """The row and its item if it can be scored; an empty line is passed over."""
        if not fields:
            if len(columns.header) > 1:
                return []
            fields = [""]  # in a table of one column an empty line is a blank response
        if len(fields) != len(columns.header):
            wrong = f"{len(fields)} fields where the header has {len(columns.header)}"
            self._note(Problem(wrong, row))
            return []
        item = columns.item_id if columns.item is None else fields[columns.item].strip()
        if item not in self._items:
            name = None if columns.item is None else columns.header[columns.item]
            self._note(Problem("the bundle has no such item", row, name))
            return []
        return [(fields, str(item))]

    def _batch(self, good: list[tuple[list[str], str]], columns: Columns) -> list[Scored]:
        by_item: dict[str, list[int]] = {}
        for at, (_, item) in enumerate(good):
            by_item.setdefault(item, []).append(at)
        scores: list[Score | None] = [None] * len(good)
        for item, places in by_item.items():
            texts = [good[at][0][columns.text] for at in places]
            for at, score in zip(places, self._scorer.score_many(texts, item)):
                scores[at] = score
        return [Scored(fields, item, score) for (fields, item), score in zip(good, scores) if score]


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


def machine_fields(score: Score, entry: ItemEntry, classes: Sequence[str]) -> list[str]:
    """The fields that scoring adds to a row; blank for the classes of other items."""
    by_class = dict(zip(entry.classes, score.probabilities))
    shares = [f"{by_class[name]:.6f}" if name in by_class else "" for name in classes]
    return [
        score.predicted,
        f"{score.expected:.4f}",
        f"{score.confidence:.4f}",
        score.flag,
        *shares,
    ]
