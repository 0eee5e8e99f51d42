"""Every scorer's scores of the test responses, as a file in the run's folder.

It contains the students' responses: it stays on the user's machine, and nothing of it goes into a
bundle.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Row, Scale
from kd_edge.evaluation.agreement import NO_SCORE, human_scores
from kd_edge.evaluation.decision import choose_decision, decided
from kd_edge.evaluation.metrics import Scores
from kd_edge.soft_labels.labels import labels_by_id, probability_cells, probability_columns
from kd_edge.students.student import Student
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.scorer import Score

FILE = "test_scores.csv"
"""Its name in an item's folder, or in the run's with one student for all questions."""

AGAIN = "start the same 'kd-edge run' again: finished stages are kept, and this file is rewritten"

_ROWS = ("response_id", "text", "score", "score2", "group")
_QUESTION = "item_id"
_TEACHER, _STUDENT, _BUNDLE = "teacher", "student", "bundle"
_MORE = (f"{_BUNDLE}_expected", f"{_BUNDLE}_confidence", f"{_BUNDLE}_flag")
_LONGEST_FIELD = 16 << 20


@dataclass(frozen=True, eq=False)
class RowScorings:
    """One scorer's scores of N responses.

    Attributes:
        predicted: classes 0 to K - 1; [N].
        probabilities: float64 [N, K].
    """

    predicted: Scores
    probabilities: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BundleScorings(RowScorings):
    """A bundle's scores of N responses, by the backend that a device would choose.

    Attributes:
        expected: expected scores, in points; [N].
        confidence: 0 to 1; [N].
        flags: why a person should look at a response, "" for no reason; [N].
    """

    expected: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    flags: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Scored:
    """N test responses of one item or of many, with the scores of people and of every scorer.

    Attributes:
        ids: response ids.
        texts: the responses.
        human: people's scores as classes; [N].
        second: a second rater's, `NO_SCORE` where there is none; [N].
        groups: the students' groups, "" where there is none.
        teacher: the fine-tuned teacher.
        student: the student in PyTorch, fp32.
        bundle: the same student as a device scores with it.
        questions: the item that each answers; empty if all answer the same item.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    human: Scores
    second: Scores
    groups: tuple[str, ...]
    teacher: RowScorings
    student: RowScorings
    bundle: BundleScorings
    questions: tuple[str, ...] = ()


def write_scored(path: Path, scored: Scored, classes: Sequence[str]) -> None:
    """Write the file atomically: a row for each response, with class names as scores.

    Args:
        path: the file.
        scored: the N responses.
        classes: the K class names in order.

    Raises:
        InputError: the file cannot be written.
    """
    with atomic_write(path) as file:
        # Lines end in \r\n so that the csv module quotes a lone \r in a response.
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(_header(classes, bool(scored.questions)))
        writer.writerows(_rows(scored, classes))


def read_scored(path: Path, classes: Sequence[str], *, questions: bool = False) -> Scored:
    """Read the file that `write_scored` wrote.

    Args:
        path: the file.
        classes: the K class names in order.
        questions: whether the responses answer many items.

    Raises:
        InputError: it is missing, of another item, or damaged.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    header, place = _header(classes, questions), {name: at for at, name in enumerate(classes)}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file, strict=True)
            if next(rows, None) != header:
                raise InputError(f"'{path}' does not belong to this run's bundle: {AGAIN}.")
            parsed = [_Cells(row, place, questions) for row in rows]
        if not parsed:
            raise ValueError("no rows")
        return _to_scored(parsed, len(classes))
    except FileNotFoundError:
        raise InputError(
            f"there is no '{path}', which a report needs; it may be from an older version "
            f"of kd-edge. Please {AGAIN}."
        ) from None
    except (OSError, ValueError, csv.Error):
        raise InputError(f"'{path}' is damaged or was changed: {AGAIN}.") from None


def _header(classes: Sequence[str], questions: bool) -> list[str]:
    shares = probability_columns(classes)
    header = [*_ROWS, *([_QUESTION] if questions else [])]
    for scorer, more in ((_TEACHER, ()), (_STUDENT, ()), (_BUNDLE, _MORE)):
        header += [scorer, *more, *(f"{scorer}_{name}" for name in shares)]
    return header


def _rows(scored: Scored, classes: Sequence[str]) -> Iterator[list[str]]:
    bundle = scored.bundle
    for at, name in enumerate(scored.ids):
        second = scored.second[at]
        row = [name, scored.texts[at], classes[scored.human[at]]]
        row += ["" if second == NO_SCORE else classes[second], scored.groups[at]]
        row += scored.questions[at : at + 1]
        extra = [f"{bundle.expected[at]:.6f}", f"{bundle.confidence[at]:.6f}", bundle.flags[at]]
        for scorer, more in ((scored.teacher, []), (scored.student, []), (bundle, extra)):
            shares = probability_cells(scorer.probabilities[at])
            row += [classes[scorer.predicted[at]], *more, *shares]
        yield row


class _Cells:
    """One row, read cell by cell from the left.

    Raises:
        ValueError: a cell has the wrong type, or there are too many.
    """

    def __init__(self, row: Sequence[str], place: dict[str, int], questions: bool) -> None:
        cells = iter(row)
        self._place = place
        self.id, self.text = next(cells, ""), next(cells, "")
        self.human = self._class(next(cells, ""))
        second = next(cells, "")
        self.second = self._class(second) if second else NO_SCORE
        self.group = next(cells, "")
        self.question = next(cells, "") if questions else None
        self.teacher = self._scoring(cells)
        self.student = self._scoring(cells)
        predicted = self._class(next(cells, ""))
        self.expected, self.confidence = _number(next(cells, "")), _number(next(cells, ""))
        self.flag = next(cells, "")
        self.bundle = predicted, self._shares(cells)
        if next(cells, None) is not None:
            raise ValueError("too many cells")

    def _class(self, cell: str) -> int:
        if cell not in self._place:
            raise ValueError("not a class of the item")
        return self._place[cell]

    def _scoring(self, cells: Iterator[str]) -> tuple[int, list[float]]:
        return self._class(next(cells, "")), self._shares(cells)

    def _shares(self, cells: Iterator[str]) -> list[float]:
        return [_number(next(cells, "")) for _ in self._place]


def _number(cell: str) -> float:
    number = float(cell)
    if not np.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _to_scored(rows: Sequence[_Cells], classes: int) -> Scored:
    def scorings(pairs: Sequence[tuple[int, list[float]]]) -> tuple[Scores, np.ndarray]:
        shares = np.array([share for _, share in pairs], dtype=np.float64)
        return _classes([at for at, _ in pairs]), shares.reshape(len(pairs), classes)

    return Scored(
        ids=tuple(row.id for row in rows),
        texts=tuple(row.text for row in rows),
        human=_classes([row.human for row in rows]),
        second=_classes([row.second for row in rows]),
        groups=tuple(row.group for row in rows),
        teacher=RowScorings(*scorings([row.teacher for row in rows])),
        student=RowScorings(*scorings([row.student for row in rows])),
        bundle=BundleScorings(
            *scorings([row.bundle for row in rows]),
            expected=np.array([row.expected for row in rows]),
            confidence=np.array([row.confidence for row in rows]),
            flags=tuple(row.flag for row in rows),
        ),
        questions=tuple(row.question for row in rows if row.question is not None),
    )


def _classes(places: Sequence[int]) -> Scores:
    return np.array(places, dtype=np.int64)


def student_scorings(
    student: Student, texts: Sequence[str], questions: Sequence[str] = ()
) -> RowScorings:
    """A student's scores of N texts, by PyTorch; see `Student.probabilities`."""
    rows = student.probabilities(texts, questions)
    return RowScorings(decided(rows, student.scale, student.decision), rows.astype(np.float64))


def teacher_scorings(
    labels: Path,
    validation: Sequence[Row],
    test_labels: Path,
    test: Sequence[Row],
    scale: Scale,
) -> RowScorings:
    """The teacher's scores, with the decision that agrees best on its validation rows.

    Args:
        labels: file with the soft labels of `validation`.
        validation: scored rows, held out from training.
        test_labels: file with the soft labels of `test`.
        test: the N rows.
        scale: their classes.
    """
    rule = choose_decision(_stacked(labels, scale, validation), human_scores(validation), scale)
    rows = _stacked(test_labels, scale, test)
    return RowScorings(decided(rows, scale, rule), rows)


def bundle_scorings(scores: Sequence[Score], classes: Sequence[str]) -> BundleScorings:
    """A bundle's scores, as arrays.

    Args:
        scores: its N scores.
        classes: the K class names in order.
    """
    place = {name: at for at, name in enumerate(classes)}
    return BundleScorings(
        predicted=np.array([place[score.predicted] for score in scores], dtype=np.int64),
        probabilities=np.array([score.probabilities for score in scores], dtype=np.float64),
        expected=np.array([score.expected for score in scores], dtype=np.float64),
        confidence=np.array([score.confidence for score in scores], dtype=np.float64),
        flags=tuple(score.flag for score in scores),
    )


def _stacked(path: Path, scale: Scale, rows: Sequence[Row]) -> np.ndarray:
    labels = labels_by_id(path, scale.classes, rows)
    return np.stack([labels[row.response_id] for row in rows])
