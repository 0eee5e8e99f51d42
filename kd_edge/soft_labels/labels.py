"""Soft labels: for each response the probability of each class, as a file on disk.

The p_i of Latif, Fang, Ma and Zhai (2024), "Knowledge Distillation of LLMs for Automatic
Scoring of Science Assessments". They come from our teacher or from any other model.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kd_edge.data.readers.delimited import read_table
from kd_edge.data.responses import Row
from kd_edge.soft_labels.table import LabelTable, read_label_table
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.files import atomic_write

Probabilities = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class SoftLabels:
    """The class probabilities of N responses.

    Attributes:
        ids: the response ids.
        folds: for each, the fold whose teacher labelled it without having been trained on it;
            `table.IN_SAMPLE` (-1) where labels are not cross-fitted.
        probabilities: float [N, K]; rows sum to 1.
        classes: the K class names, in the order of the columns.

    Raises:
        ValueError: the lengths do not match.
    """

    ids: tuple[str, ...]
    folds: tuple[int, ...]
    probabilities: Probabilities
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        wanted = (len(self.ids), len(self.classes))
        if self.probabilities.shape != wanted or len(self.folds) != len(self.ids):
            raise ValueError(f"labels of shape {self.probabilities.shape}, not {wanted}")

    def by_id(self) -> dict[str, Probabilities]:
        """Response id to probabilities, float [K]."""
        return dict(zip(self.ids, self.probabilities))


def averaged(labels_by_teacher: Sequence[SoftLabels]) -> SoftLabels:
    """The mean of one or more teachers' labels of the same responses in the same order."""
    mean = np.mean([labels.probabilities for labels in labels_by_teacher], axis=0)
    return replace(labels_by_teacher[0], probabilities=mean)


def write_labels(path: Path, labels: SoftLabels) -> None:
    """Write soft labels as CSV: response_id, fold, and each class in a column p_<class>.

    Raises:
        InputError: the file cannot be written.
    """
    cells = [probability_cells(row) for row in labels.probabilities]
    keys = zip(labels.ids, labels.folds)
    write_probabilities(path, ("response_id", "fold"), keys, labels.classes, cells)


def write_probabilities(
    path: Path,
    columns: Sequence[str],
    keys: Iterable[Sequence[Any]],
    classes: Sequence[str],
    cells: Sequence[Sequence[str]],
) -> None:
    """Write a CSV of some key columns, and the cells of a column p_<class> for each class.

    Raises:
        InputError: the file cannot be written.
    """
    with atomic_write(path, private=True) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*columns, *probability_columns(classes)])
        writer.writerows([*key, *row] for key, row in zip(keys, cells))


def read_labels(path: Path, classes: Sequence[str]) -> SoftLabels:
    """Read soft labels, of our teacher or of another model.

    Args:
        path: the file; see `table.read_label_table`.
        classes: the K class names in order.

    Returns:
        The labels, in the order of the file; probabilities float64.

    Raises:
        TableError: all problems, each with its row and column.
        InputError: the file cannot be read as text.
    """
    table = read_label_table(path, classes)
    refuse_problems(table, repeated_ids(table))
    return SoftLabels(table.ids, table.folds, table.probabilities, tuple(classes))


def label_classes(path: Path) -> tuple[str, ...]:
    """The classes that the columns p_<class> of a file of labels name, in their order.

    Raises:
        InputError: the file cannot be read as text.
    """
    names = read_table(path).header
    return tuple(name[2:] for name in names if name.startswith("p_") and len(name) > 2)


def labels_by_id(
    path: Path, classes: Sequence[str], rows: Sequence[Row]
) -> dict[str, Probabilities]:
    """The labels in a file that must hold those of some rows; see `read_labels`.

    Returns:
        Response id to probabilities, float64 [K]; of all responses in the file.

    Raises:
        TableError: all problems, each with its row and column.
        InputError: the file cannot be read as text.
    """
    labels = read_labels(path, classes).by_id()
    missing = [
        f"response '{row.response_id}' has no label"
        for row in rows
        if row.response_id not in labels
    ]
    if missing:
        raise TableError(str(path), list(map(Problem, missing)))
    return labels


def probability_columns(classes: Sequence[str]) -> list[str]:
    """The names of the columns that hold the classes' probabilities."""
    return [f"p_{name}" for name in classes]


def probability_cells(row: Probabilities) -> list[str]:
    """Probabilities as a file holds them, with 6 decimals."""
    return [f"{value:.6f}" for value in row]


def refuse_problems(table: LabelTable, more: Sequence[Problem]) -> None:
    """Raise a TableError with a file's own problems and more, from top to bottom, if any."""
    problems = sorted([*table.problems, *more], key=lambda problem: problem.row or 0)
    if problems:
        raise TableError(table.source, problems)


def repeated_ids(table: LabelTable) -> list[Problem]:
    """A problem for each row without an id, or with the id of an earlier row."""
    problems = []
    first: dict[str, int] = {}
    for row, name in zip(table.rows, table.ids):
        if not name:
            problems.append(Problem("empty", row=row, column=table.id_column))
        elif name in first:
            message = f"the same id as in row {first[name]}"
            problems.append(Problem(message, row=row, column=table.id_column))
        first.setdefault(name, row)
    return problems
