"""Whether a student that was distilled is worth using, by the held-out responses alone."""

from __future__ import annotations

from collections import Counter

from kd_edge.distillation.choice import choice_of
from kd_edge.distillation.distil import Distilled
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.stacking import of_rows
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import Agreement, agreement
from kd_edge.students.student import Student
from kd_edge.training.doubts import ENOUGH_HELD_OUT, Doubt, guesses, guessing, not_helped


def weaknesses(data: LearningData, distilled: Distilled) -> tuple[Doubt, ...]:
    """What a student does not do better on the held-out responses; none is the usual case.

    It is compared with the most frequent score; and by QWK with the same student without a teacher,
    unless that one ships, or there are too few of them to tell. A full run compares them on test
    responses; held-out ones, by which it was chosen, flatter it.

    Args:
        data: what it learnt from.
        distilled: the student, and the one without a teacher.
    """
    name, held_out = data.item.item_id, data.held_out
    most = Counter(row.score for row in data.rows).most_common(1)[0][0]
    majority = sum(row.score == most for row in held_out) / len(held_out)
    student = _agreement(data, distilled.student)
    on = f"on {len(held_out)} held-out responses"
    if guesses(student.accuracy, student.qwk, majority):
        figures = f"accuracy {student.accuracy:.3f}, {majority:.3f}; QWK {student.qwk:.3f} {on}"
        return (guessing(name, figures),)
    choice = choice_of(distilled.student.provenance)
    alone = _agreement(data, distilled.baseline).qwk
    learnt = choice is None or choice.with_teacher
    if learnt and len(held_out) >= ENOUGH_HELD_OUT and student.qwk < alone:
        return (not_helped(name, f"QWK {on}", student.qwk, alone),)
    return ()


def _agreement(data: LearningData, student: Student) -> Agreement:
    scores = decided(of_rows(student, data.held_out), student.scale, student.decision)
    return agreement(human_scores(data.held_out), scores, data.item.scale)
