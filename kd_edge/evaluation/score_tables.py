"""Reads tables that `kd-edge score` wrote, as counts by week, class or file and by item."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kd_edge.console.progress import Tracker
from kd_edge.evaluation.drift import LEAST_RESPONSES, Scores
from kd_edge_runtime.bundle.held_out import unknown_bin
from kd_edge_runtime.errors import InputError, Problem, TableError
from kd_edge_runtime.flags import NAMES
from kd_edge_runtime.tables.column_names import hint
from kd_edge_runtime.tables.columns import candidates, find_columns
from kd_edge_runtime.tables.reading.rows import Table
from kd_edge_runtime.tables.reading.sources import open_source
from kd_edge_runtime.tables.roles import ITEM, TEXT, Role
from kd_edge_runtime.tables.score_cells import class_of, read_score

_ADDED = ("predicted", "confidence", "flag")
_MOST_PARTS = 1000
_FEW = 20  # values that a column of weeks, classes or items may have whatever it is
_LONGEST = 100  # characters of a score, a week or an unknown item: longer may be a response
_FLAG = re.compile(r"[a-z]{1,20}(-[a-z]{1,20})?|")  # a later version may have more of them


class KnownItem(Protocol):
    """What a bundle says of an item."""

    @property
    def classes(self) -> Sequence[str]:
        """Its scores."""
        ...

    @property
    def unknown(self) -> Callable[[str], tuple[int, int]] | None:
        """Counts what is unknown of a response, and all; None where that is not counted."""
        ...


@dataclass(frozen=True)
class ScoreColumns:
    """Which columns of the tables are read; None to find them by their usual names.

    Attributes:
        by: the week or class; None to take each file by itself.
        prefix: what the names of the columns that scoring added begin with.
        item: the item of each response.
        text: the responses.
        item_id: the item that all responses answer; None for an item column, if there is one.
        known: what the bundle says of an item, None for one that it does not have; None without
            a bundle.
    """

    by: str | None = None
    prefix: str = ""
    item: str | None = None
    text: str | None = None
    item_id: str | None = None
    known: Callable[[str], KnownItem | None] | None = None


@dataclass
class ScoreTables:
    """What tables of scores hold, as counts.

    Attributes:
        parts: the scores by week, class or file and by item; parts whose names differ in numbers
            alone are in the order of these, others as they come.
        left_out: how many responses answer an item that the bundle does not have, by item.
        names_items: whether the columns of items are known as such by their names: cells of
            another may be responses, and are not to be told.
        without_texts: the tables that have no column of responses, where one is needed.
    """

    parts: dict[str, dict[str, Scores]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    names_items: bool = True
    without_texts: list[Path] = field(default_factory=list)


def read_tables(paths: Sequence[Path], columns: ScoreColumns, tracker: Tracker) -> ScoreTables:
    """Reads tables of scores.

    Args:
        paths: the tables, each once.
        columns: which columns of them.
        tracker: told of each row.

    Raises:
        InputError: a table lacks a column or is given twice, or a row cannot be read.
    """
    found = ScoreTables()
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            raise InputError(f"{path} is given twice: give each table once")
        seen.add(path.resolve())
        with open_source(path) as table:
            _read(table, path, columns, found, tracker)
            if table.problems:
                raise table.error()
        if columns.by is None:
            found.parts.setdefault(str(path), {})
        elif len(found.parts) > _MOST_PARTS:
            raise InputError(
                f"{path}: column '{columns.by}' has more than {_MOST_PARTS:,} different values: "
                "name one with weeks or classes"
            )
    if columns.by is not None:
        rows = [sum(map(len, items.values())) for items in found.parts.values()]
        _refuse_different(f"column '{columns.by}'", rows, "name one with weeks or classes")
    found.parts = {name: found.parts[name] for name in in_order(found.parts)}
    return found


def refuse_other_than_items(path: Path, column: str, found: ScoreTables) -> None:
    """Refuses a table whose column of items, as the user named it, is one of something else.

    Raises:
        InputError: nearly each of its cells is another.
    """
    rows: dict[str, int] = {}
    for items in found.parts.values():
        for name, scores in items.items():
            rows[name] = rows.get(name, 0) + len(scores)
    where = f"{path}: column '{column}' (--item-column)"
    _refuse_different(where, [*rows.values()], "name the column of items")


def _refuse_different(column: str, rows: Sequence[int], advice: str) -> None:
    """Refuses a column with so few rows of a value each that they may be responses, or students.

    Raises:
        InputError: without any of them.
    """
    total, values = sum(rows), len(rows)
    alike = values > 2 and total < 2 * values
    if alike or (values > _FEW and total < LEAST_RESPONSES * values):
        raise InputError(
            f"{column} has {values:,} different values in {total:,} rows, too few of each to be "
            f"compared: {advice}"
        )


def in_order(names: Sequence[str] | Mapping[str, object]) -> list[str]:
    """Weeks in their order: by the numbers in their names, if they differ in nothing else.

    A shell lists week-10 before week-2, and a table may be sorted by students. Days are read as
    2026-03-31 and as 31.3.2026; with slashes they could be two things, and stay as they come.
    """
    shapes = {re.sub(r"\d+", "0", name) for name in names}
    shape = shapes.pop() if shapes else ""
    if shapes or "0/0/0" in shape:
        return [*names]

    def numbers(name: str) -> list[int]:
        found = [*map(int, re.findall(r"\d+", name))]
        return found[::-1] if shape == "0.0.0" else found

    return sorted(names, key=numbers)


def _read(
    table: Table, path: Path, columns: ScoreColumns, found: ScoreTables, tracker: Tracker
) -> None:
    rows = _Rows(table, path, columns, found)
    for numbers, batch in table.batches():
        tracker.advance(len(batch))
        for number, row in zip(numbers, batch, strict=True):
            if wrong := rows.add(row):
                table.note(Problem(wrong, number))


def _places(
    table: Table, columns: ScoreColumns, path: Path
) -> tuple[list[int], int | None, int | None, int | None]:
    """Where the columns are: those that scoring added, the part, the item and the response.

    Raises:
        TableError: with all that are missing.
    """
    header = [" ".join(name.split()) for name in table.header]
    added = [columns.prefix + name for name in _ADDED]
    problems = [Problem(f"there is no column '{name}'") for name in added if name not in header]
    advice = "Give tables that 'kd-edge score' wrote."
    if problems and any(name.endswith(_ADDED[0]) for name in header):
        advice = (
            "Name the beginning of the columns that scoring added with --prefix, as for 'kd-edge "
            "score' (of a wide table: --prefix 'Q1 ' --item Q1)."
        )
    if columns.by is not None and columns.by not in header:
        problems.append(Problem(f"there is no column '{columns.by}' (--by)"))
    if problems:
        raise TableError(str(path), problems, advice)
    read = [*added, *([] if columns.by is None else [columns.by])]
    problems = [
        Problem(f"several columns are called '{name}'") for name in read if header.count(name) > 1
    ]
    if problems:
        raise TableError(str(path), problems, "Rename all but one of them.")
    roles: list[Role] = [] if columns.item_id else [ITEM]
    if columns.known:
        roles.append(TEXT)
    named = {ITEM.name: columns.item, TEXT.name: columns.text}
    at, problems = find_columns(table.header, named, roles)
    if problems:
        raise TableError(str(path), problems, hint(table.header))
    by = None if columns.by is None else header.index(columns.by)
    for place, option in ((by, "--by"), (at.get(ITEM.name), "--item-column")):
        if place is not None and candidates([header[place]], TEXT.tiers):
            wrong = f"column '{header[place]}' ({option}) holds the responses"
            raise TableError(str(path), [Problem(wrong)], "Name another column.")
    return [header.index(name) for name in added], by, at.get(ITEM.name), at.get(TEXT.name)


class _Rows:
    """Counts the rows of a table; each different cell with a score is read once."""

    def __init__(self, table: Table, path: Path, columns: ScoreColumns, found: ScoreTables) -> None:
        self._places, self._part, self._item, self._text = _places(table, columns, path)
        self._path, self._columns, self._found = str(path), columns, found
        if self._item is not None and not candidates([table.header[self._item]], ITEM.tiers):
            found.names_items = False
        self._scores: dict[tuple[str, str], str | None] = {}
        if columns.known and self._text is None:
            found.without_texts.append(path)

    def add(self, row: Sequence[str]) -> str:
        """Counts a row; what is wrong with it, or ""."""
        item = self._columns.item_id or ""
        if self._item is not None:
            item = str(row[self._item]).strip()
        known = self._columns.known(item) if self._columns.known else None
        if self._columns.known and known is None:
            if len(item) > _LONGEST:  # it would be named, and may be a response
                return "the item is too long for a name: --item-column names the column of items"
            self._found.left_out[item] = self._found.left_out.get(item, 0) + 1
            return ""
        predicted, confidence, flag = (str(row[at]).strip() for at in self._places)
        name, value = self._score(predicted, item, known), _number(confidence)
        part = self._path if self._part is None else " ".join(str(row[self._part]).split())
        if name is None:
            return self._not_a_score(known)
        if value is None:
            return f"'{self._columns.prefix}confidence' is no number from 0 to 1"
        if flag not in NAMES and not _FLAG.fullmatch(flag):
            return f"'{self._columns.prefix}flag' is no flag of a score"
        if self._part is not None and not 0 < len(part) <= _LONGEST:
            what = "is too long for a week or a class" if part else "is blank"
            return f"'{self._columns.by}' {what}"
        these = self._found.parts.setdefault(part, {}).setdefault(item, Scores())
        these.add(name, value, flag)
        if known and known.unknown and self._text is not None:
            these.unknown[unknown_bin(*known.unknown(str(row[self._text])))] += 1
        return ""

    def _score(self, cell: str, item: str, known: KnownItem | None) -> str | None:
        """A score by its name, however a spreadsheet writes it; None for what is none."""
        key = cell, item if known else ""
        if key not in self._scores:
            self._scores[key] = _class(cell, known)
        return self._scores[key]

    def _not_a_score(self, known: KnownItem | None) -> str:
        name = f"'{self._columns.prefix}predicted'"
        if known is None:
            return f"{name} is no score"
        scores = ", ".join(known.classes[:10]) + (", …" if len(known.classes) > 10 else "")
        return f"{name} is no score of the item in the bundle ({scores}): did another score it?"


def _class(cell: str, known: KnownItem | None) -> str | None:
    if known is not None:
        at = class_of(cell, known.classes)
        return None if at is None else known.classes[at]
    number = read_score(cell)
    if number is not None and number.out_of is None:
        return f"{number.points:g}"
    return cell if 0 < len(cell) <= _LONGEST else None


def _number(cell: str) -> float | None:
    try:
        value = float(cell.replace(",", "."))
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None
