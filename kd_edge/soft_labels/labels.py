"""Soft labels: for each response the probability of each class, as a file on disk.

The p_i of Latif, Fang, Ma and Zhai (2024), "Knowledge Distillation of LLMs for Automatic
Scoring of Science Assessments". They come from our teacher or from any other model.
"""

from __future__ import annotations

import csv
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

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


def normalised(cells: Sequence[Sequence[str]]) -> Probabilities:
    """The probabilities in cells that `probability_cells` wrote; float64 [N, K], rows sum to 1."""
    values = [np.array([float(cell) for cell in row]) for row in cells]
    return np.array([row / row.sum() for row in values])


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
    with atomic_write(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*columns, *probability_columns(classes)])
        writer.writerows([*key, *row] for key, row in zip(keys, cells))


def read_labels(path: Path, classes: Sequence[str], ids: Sequence[str] | None = None) -> SoftLabels:
    """Read soft labels, of our teacher or of another model.

    Args:
        path: the file; see `table.read_label_table`.
        classes: the K class names in order.
        ids: the response ids that must be labelled; None takes those of the file. Rows with
            other ids are variants if the file has their text, and are left to
            `label_variants.read_variants`; without a text they are a problem.

    Returns:
        The labels, in the order of `ids`; probabilities float64.

    Raises:
        TableError: all problems, each with its row and column.
        InputError: the file cannot be read as text.
    """
    table = read_label_table(path, classes)
    problems = [*table.problems, *_id_problems(table, ids)]
    if problems:
        raise table_error(table, problems)
    place = {name: at for at, name in enumerate(table.ids)}
    order = [place[name] for name in (table.ids if ids is None else ids)]
    return SoftLabels(
        ids=tuple(table.ids[at] for at in order),
        folds=tuple(table.folds[at] for at in order),
        probabilities=table.probabilities[order],
        classes=tuple(classes),
    )


def labels_by_id(
    path: Path, classes: Sequence[str], rows: Sequence[Row]
) -> dict[str, Probabilities]:
    """The labels of some rows from a file that may hold others too; see `read_labels`.

    Returns:
        Response id to probabilities, float64 [K].

    Raises:
        TableError: all problems, each with its row and column.
        InputError: the file cannot be read as text.
    """
    labels = read_labels(path, classes).by_id()
    ids = [row.response_id for row in rows]
    missing = _missing(labels, ids)
    if missing:
        raise TableError(str(path), missing)
    return {name: labels[name] for name in ids}


def probability_columns(classes: Sequence[str]) -> list[str]:
    """The names of the columns that hold the classes' probabilities."""
    return [f"p_{name}" for name in classes]


def probability_cells(row: Probabilities) -> list[str]:
    """Probabilities as a file holds them, with 6 decimals."""
    return [f"{value:.6f}" for value in row]


def table_error(table: LabelTable, problems: Sequence[Problem]) -> TableError:
    """All problems of a file of labels, from top to bottom."""
    return TableError(table.source, sorted(problems, key=lambda problem: problem.row or 0))


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


def _id_problems(table: LabelTable, ids: Sequence[str] | None) -> list[Problem]:
    problems = repeated_ids(table)
    if ids is None or not table.ids:
        return problems
    known = set(ids)
    for row, name, text in zip(table.rows, table.ids, table.texts):
        if name and name not in known and not text.strip():
            message = "no response has this id"
            problems.append(Problem(message, row=row, column=table.id_column))
    return problems + _missing(set(table.ids), ids)


def _missing(labelled: Container[str], ids: Sequence[str]) -> list[Problem]:
    return [Problem(f"response '{name}' has no label") for name in ids if name not in labelled]
