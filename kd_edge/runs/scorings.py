"""What each scorer says of test responses, row by row: teacher, student, bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kd_edge.data.responses import Row, Scale
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import choose_decision, decided
from kd_edge.runs.test_scores import BundleScorings, RowScorings
from kd_edge.soft_labels.labels import labels_by_id
from kd_edge.students.store import Student
from kd_edge_runtime.scorer import Score


def student_scorings(student: Student, texts: Sequence[str]) -> RowScorings:
    """What a student in PyTorch says of N texts."""
    found = student.probabilities(texts)
    return RowScorings(decided(found, student.scale, student.decision), found.astype(np.float64))


def teacher_scorings(
    labels: Path,
    validation: Sequence[Row],
    test_labels: Path,
    test: Sequence[Row],
    scale: Scale,
) -> RowScorings:
    """The teacher's classes, by the decision that its validation rows favour.

    Args:
        labels: soft labels that hold those of `validation`.
        validation: scored rows, held out from training.
        test_labels: soft labels that hold those of `test`.
        test: the N rows.
        scale: their classes.
    """
    rule = choose_decision(_stacked(labels, scale, validation), human_scores(validation), scale)
    found = _stacked(test_labels, scale, test)
    return RowScorings(decided(found, scale, rule), found)


def bundle_scorings(found: Sequence[Score], classes: Sequence[str]) -> BundleScorings:
    """What a bundle says, as arrays.

    Args:
        found: its N scores.
        classes: the K class names in order.
    """
    place = {name: at for at, name in enumerate(classes)}
    return BundleScorings(
        predicted=np.array([place[score.predicted] for score in found], dtype=np.int64),
        probabilities=np.array([score.probabilities for score in found], dtype=np.float64),
        expected=np.array([score.expected for score in found], dtype=np.float64),
        confidence=np.array([score.confidence for score in found], dtype=np.float64),
        flags=tuple(score.flag for score in found),
    )


def _stacked(path: Path, scale: Scale, rows: Sequence[Row]) -> np.ndarray:
    found = labels_by_id(path, scale.classes, rows)
    return np.stack([found[row.response_id] for row in rows])
