"""Read a table of class probabilities or of classes, from any model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kd_edge.data.readers.delimited import read_table
from kd_edge.data.readers.raw_table import RawTable
from kd_edge_runtime.errors import Problem
from kd_edge_runtime.tables.score_cells import class_of

IN_SAMPLE = -1
"""The fold of a label that was not cross-fitted."""

_SUM_SLACK = 1e-2 + 1e-9  # accepts probabilities with few digits, such as three of 0.33
_IDS = ("response_id", "variant_id")
_CLASS_COLUMNS = ("label", "score")
_NO_LABELS = "the columns {wanted} are needed, or one column 'label' with a class in each row"


@dataclass(frozen=True, eq=False)
class LabelTable:
    """The content of a file of labels; all sequences have N entries, one for each row.

    Attributes:
        source: the file's name as the user gave it.
        rows: each row's number as a spreadsheet counts it.
        ids: response or variant ids.
        id_column: the name of the column that holds them.
        folds: `IN_SAMPLE` where the file has none.
        texts: the texts; empty strings where the file has none.
        probabilities: float64 [N, K], rows sum to 1; zero where a row has a problem.
    """

    source: str
    rows: tuple[int, ...]
    ids: tuple[str, ...]
    id_column: str
    folds: tuple[int, ...]
    texts: tuple[str, ...]
    probabilities: np.ndarray
    problems: tuple[Problem, ...]


def read_label_table(path: Path, classes: Sequence[str]) -> LabelTable:
    """Read labels from a delimited text file.

    Args:
        path: the file. It has a column `response_id` or `variant_id`; a column p_<class> for
            each class, or p_0 … p_<K-1> in the order of the classes, or one column `label` or
            `score` that names a class; optionally `fold` and `text`.
        classes: the K class names in order.

    Returns:
        The rows that could be read, and the problems. Probabilities whose sum is within 0.01
        of 1 are normalised.

    Raises:
        InputError: the file cannot be read as text, or is empty.
    """
    return _Reader(read_table(path), tuple(classes)).read(str(path))


class _Reader:
    """Turns the cells of one table into labels, collecting problems."""

    def __init__(self, table: RawTable, classes: tuple[str, ...]) -> None:
        self.table = table
        self.classes = classes
        self.columns = {name.strip().lower(): at for at, name in enumerate(table.header)}
        self.problems = list(table.problems)

    def read(self, source: str) -> LabelTable:
        id_column = self._first(_IDS)
        if id_column is None:
            self.problems.append(Problem("there is no column 'response_id'"))
        places = self._probability_columns()
        class_column = None if places else self._first(_CLASS_COLUMNS)
        if not places and class_column is None:
            wanted = ", ".join(f"p_{name}" for name in self.classes)
            self.problems.append(Problem(_NO_LABELS.format(wanted=wanted)))
        usable = id_column is not None and bool(places or class_column)
        records = self.table.records if usable else ()
        probabilities = np.zeros((len(records), len(self.classes)))
        folds = [self._fold(record.row, self._cell(record.cells, "fold")) for record in records]
        for at, record in enumerate(records):
            if places:
                cells = [record.cells[place] or "" for place in places]
                probabilities[at] = self._probabilities(record.row, cells, places)
            else:
                cell = self._cell(record.cells, class_column or "")
                probabilities[at] = self._one_hot(record.row, cell, class_column)
        return LabelTable(
            source=source,
            rows=tuple(record.row for record in records),
            ids=tuple(self._cell(record.cells, id_column or "").strip() for record in records),
            id_column=id_column or _IDS[0],
            folds=tuple(folds),
            texts=tuple(self._cell(record.cells, "text") for record in records),
            probabilities=probabilities,
            problems=tuple(self.problems),
        )

    def _first(self, names: Sequence[str]) -> str | None:
        return next((name for name in names if name in self.columns), None)

    def _cell(self, cells: Sequence[str | None], column: str) -> str:
        at = self.columns.get(column)
        return "" if at is None else (cells[at] or "")

    def _probability_columns(self) -> list[int]:
        """The places of the classes' columns: by name, else by number, else none."""
        for names in (self.classes, range(len(self.classes))):
            wanted = [f"p_{name}".lower() for name in names]
            if all(name in self.columns for name in wanted):
                return [self.columns[name] for name in wanted]
        return []

    def _fold(self, row: int, cell: str) -> int:
        if not cell.strip():
            return IN_SAMPLE
        try:
            return int(cell)
        except ValueError:
            self.problems.append(Problem("not a whole number", row=row, column="fold"))
            return IN_SAMPLE

    def _probabilities(self, row: int, cells: list[str], places: list[int]) -> np.ndarray:
        numbers = [_number(cell) for cell in cells]
        values = np.array([value for value, _ in numbers])
        total = values.sum()
        problems = [
            Problem(message, row=row, column=self.table.header[place])
            for (_, message), place in zip(numbers, places)
            if message
        ]
        if not problems and abs(total - 1.0) > _SUM_SLACK:
            problems = [Problem(f"the probabilities sum to {total:.4g}, not to 1", row=row)]
        self.problems += problems
        return np.zeros(len(cells)) if problems else values / total

    def _one_hot(self, row: int, cell: str, column: str | None) -> np.ndarray:
        values = np.zeros(len(self.classes))
        at = class_of(cell.strip(), self.classes)
        if at is None:
            message = f"not one of the classes {', '.join(self.classes)}"
            self.problems.append(Problem(message, row=row, column=column))
        else:
            values[at] = 1.0
        return values


def _number(cell: str) -> tuple[float, str]:
    """A cell's probability, and the problem with it."""
    if not cell.strip():
        return 0.0, "empty"
    try:
        value = float(cell)
    except ValueError:
        return 0.0, "not a number"
    if not math.isfinite(value):
        return 0.0, "not a finite number"
    if value < 0:
        return 0.0, "negative"
    return value, ""
