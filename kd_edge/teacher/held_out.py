"""Which rows teachers and students are trained on, and which are held out from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kd_edge.data.responses import Item, Responses, Row
from kd_edge.data.splits import validation_rows
from kd_edge.evaluation.review import LABELS_ONLY
from kd_edge.teacher.card import read_item_card
from kd_edge.teacher.options import TeacherOptions
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.students.student import Student


def learning_rows(
    item: Item, teacher: Path | None, seed: int
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows to learn from and those to choose by; test rows are in neither.

    Args:
        item: the item.
        teacher: a teacher's folder, whose validation rows are held out; without one the same
            share is drawn as `TeacherOptions` draws by default.
        seed: for drawing.

    Raises:
        InputError: there is no teacher in the folder, or one of other responses, or of many items
            together.
    """
    learnt = item.learning
    if teacher is not None:
        held = set(read_item_card(teacher).validation_ids)
        if not any(row.response_id in held for row in learnt):
            raise InputError(
                f"'{teacher}' was fine-tuned on other responses: none that it held out is among "
                f"those of item '{item.item_id}'"
            )
    else:
        held = set(validation_rows(learnt, TeacherOptions().validation, seed))
    return (
        tuple(row for row in learnt if row.response_id not in held),
        tuple(row for row in learnt if row.response_id in held),
    )


def refuse_unscored(item_id: str, rows: Sequence[Row], what_for: str) -> None:
    """Refuse held-out rows without people's scores for what needs them.

    Raises:
        InputError: one has none, since the student learnt from labels alone.
    """
    if any(row.score is None for row in rows):
        raise InputError(
            f"item '{item_id}': people's scores of its held-out responses {what_for}, and there "
            "are none: the student learnt from labels alone"
        )


def held_out_rows(student: Student, responses: Responses) -> tuple[Row, ...]:
    """The scored responses that a student was not trained on, and was chosen by.

    Args:
        student: the student. One that learnt from labels alone was chosen by responses that may
            have no score.
        responses: those that it was distilled from.

    Raises:
        InputError: none of them is there.
    """
    ids = set(student.held_out)
    rows = tuple(
        row
        for row in responses.item(student.item_id).rows
        if row.response_id in ids and (row.score is not None or LABELS_ONLY in student.provenance)
    )
    if not rows:
        raise InputError(
            f"{responses.source}: none of these is a response that the student of item "
            f"'{student.item_id}' held out: give the responses that it was distilled from"
        )
    return rows
