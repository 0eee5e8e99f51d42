"""Every scorer's scores of the test responses, as a file in the run's folder.

It contains the students' responses: it stays on the user's machine, and nothing of it goes into a
bundle.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Row
from kd_edge.data.splits import Split
from kd_edge.evaluation.agreement import NO_SCORE, human_scores, second_scores
from kd_edge.evaluation.decision import choose_decision, decided
from kd_edge.evaluation.metrics import Scores
from kd_edge.soft_labels.labels import labels_by_id, probability_cells, probability_columns
from kd_edge.students.student import Student
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.scorer import Score
from kd_edge_runtime.tables.reading.rows import LONGEST_FIELD

if TYPE_CHECKING:
    from kd_edge.runs.outputs import StageOutputs

FILE = "test_scores.csv"
"""Its name in an item's folder, or in the run's with one student for all questions."""

AGAIN = "start the same 'kd-edge run' again: finished stages are kept, and this file is rewritten"

_ROWS = ("response_id", "text", "score", "score2", "group")
_QUESTION = "item_id"
_TEACHER, _STUDENT, _BUNDLE = "teacher", "student", "bundle"
_MORE = (f"{_BUNDLE}_expected", f"{_BUNDLE}_confidence", f"{_BUNDLE}_flag")


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
class ScoredRows:
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


def write_scored(path: Path, scored: ScoredRows, classes: Sequence[str]) -> None:
    """Write the file atomically: a row for each response, with class names as scores.

    Args:
        path: the file.
        scored: the N responses.
        classes: the K class names in order.

    Raises:
        InputError: the file cannot be written.
    """
    with atomic_write(path, private=True) as file:
        # Lines end in \r\n so that the csv module quotes a lone \r in a response.
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(_header(classes, bool(scored.questions)))
        writer.writerows(_rows(scored, classes))


def read_scored(path: Path, classes: Sequence[str], *, questions: bool = False) -> ScoredRows:
    """Read the file that `write_scored` wrote.

    Args:
        path: the file.
        classes: the K class names in order.
        questions: whether the responses answer many items.

    Raises:
        InputError: it is missing, of another item, or damaged.
    """
    csv.field_size_limit(LONGEST_FIELD)
    header = _header(classes, questions)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file, strict=True)
            if next(rows, None) != header:
                raise InputError(f"'{path}' does not belong to this run's bundle: {AGAIN}.")
            return _to_scored(dict(zip(header, zip(*rows, strict=True), strict=True)), classes)
    except FileNotFoundError:
        raise InputError(
            f"there is no '{path}', which a report needs; it may be from an older version "
            f"of kd-edge. Please {AGAIN}."
        ) from None
    except (OSError, ValueError, KeyError, csv.Error):
        raise InputError(f"'{path}' is damaged or was changed: {AGAIN}.") from None


def _header(classes: Sequence[str], questions: bool) -> list[str]:
    shares = probability_columns(classes)
    header = [*_ROWS, *([_QUESTION] if questions else [])]
    for scorer, more in ((_TEACHER, ()), (_STUDENT, ()), (_BUNDLE, _MORE)):
        header += [scorer, *more, *(f"{scorer}_{name}" for name in shares)]
    return header


def _rows(scored: ScoredRows, classes: Sequence[str]) -> Iterator[list[str]]:
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


def _to_scored(column: Mapping[str, Sequence[str]], classes: Sequence[str]) -> ScoredRows:
    """The responses from a table's columns by name; ValueError or KeyError for a wrong cell."""
    place = {name: at for at, name in enumerate(classes)}

    def numbers(name: str) -> npt.NDArray[np.float64]:
        values = np.array([float(cell) for cell in column[name]])
        if not np.isfinite(values).all():
            raise ValueError("not a finite number")
        return values

    def classes_of(name: str) -> Scores:
        return np.array([place[cell] for cell in column[name]], dtype=np.int64)

    def scorings(scorer: str) -> tuple[Scores, npt.NDArray[np.float64]]:
        shares = [numbers(f"{scorer}_{share}") for share in probability_columns(classes)]
        return classes_of(scorer), np.stack(shares, axis=1)

    second = [place[cell] if cell else NO_SCORE for cell in column["score2"]]
    expected, confidence, flags = _MORE
    return ScoredRows(
        ids=tuple(column["response_id"]),
        texts=tuple(column["text"]),
        human=classes_of("score"),
        second=np.array(second, dtype=np.int64),
        groups=tuple(column["group"]),
        teacher=RowScorings(*scorings(_TEACHER)),
        student=RowScorings(*scorings(_STUDENT)),
        bundle=BundleScorings(
            *scorings(_BUNDLE),
            expected=numbers(expected),
            confidence=numbers(confidence),
            flags=tuple(column[flags]),
        ),
        questions=tuple(column.get(_QUESTION, ())),
    )


def student_scorings(
    student: Student, texts: Sequence[str], questions: Sequence[str] = ()
) -> RowScorings:
    """A student's scores of N texts, by PyTorch; see `Student.probabilities`."""
    rows = student.probabilities(texts, questions)
    return RowScorings(decided(rows, student.scale, student.decision), rows.astype(np.float64))


def bundle_scorings(scores: Sequence[Score], classes: Sequence[str]) -> BundleScorings:
    """A bundle's N scores as arrays; the K class names are in order."""
    place = {name: at for at, name in enumerate(classes)}
    return BundleScorings(
        predicted=np.array([place[score.predicted] for score in scores], dtype=np.int64),
        probabilities=np.array([score.probabilities for score in scores], dtype=np.float64),
        expected=np.array([score.expected for score in scores], dtype=np.float64),
        confidence=np.array([score.confidence for score in scores], dtype=np.float64),
        flags=tuple(score.flag for score in scores),
    )


def scored_rows(
    split: Split,
    outputs: StageOutputs,
    scores: Sequence[Score],
    questions: Sequence[str] = (),
    student: RowScorings | None = None,
) -> ScoredRows:
    """The test rows with the scores of people and of every scorer.

    Args:
        split: the N test rows, and those by which the teacher's decision is chosen.
        outputs: what the stages wrote: the teacher's labels of both, and the student.
        scores: the bundle's; [N].
        questions: the item that each row answers, where there are many; [N].
        student: what the student says by PyTorch, if it is not one alone; [N].
    """
    test, scale = split.test, split.item.scale
    texts = tuple(row.text for row in test)

    def stacked(path: Path, rows: Sequence[Row]) -> npt.NDArray[np.float64]:
        shares = labels_by_id(path, scale.classes, rows)
        return np.stack([shares[row.response_id] for row in rows])

    held_out, shares = stacked(outputs.labels, split.validation), stacked(outputs.test_labels, test)
    rule = choose_decision(held_out, human_scores(split.validation), scale)
    return ScoredRows(
        ids=tuple(row.response_id for row in test),
        texts=texts,
        human=human_scores(test),
        second=second_scores(test),
        groups=tuple(row.group or "" for row in test),
        teacher=RowScorings(decided(shares, scale, rule), shares),
        student=student or student_scorings(outputs.distilled.student, texts, questions),
        bundle=bundle_scorings(scores, scale.classes),
        questions=tuple(questions),
    )
