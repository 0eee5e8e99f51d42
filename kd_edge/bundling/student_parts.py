"""A student as a bundle holds it: its text stage, and its network in each form."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from kd_edge.students import registry
from kd_edge.students.student import Student
from kd_edge_export import form_writers
from kd_edge_export.bundle import ItemParts
from kd_edge_runtime.errors import InputError


def choose_forms(student: Student, asked: Sequence[str]) -> tuple[str, ...]:
    """The forms to make of a student.

    Args:
        student: the student.
        asked: names of forms, "all", or nothing for what devices need.

    Raises:
        InputError: a student of this kind has no such form.
    """
    known = registry.get(student.kind).forms
    if not asked:
        return form_writers.default(known)
    if "all" in asked:
        return tuple(known)
    for name in asked:
        if name not in known:
            why = ""
            if name.startswith("tflite") and name in form_writers.BAG:
                why = "TFLite runs the network of a bag alone; for others there is ONNX. "
            raise InputError(
                f"item '{student.item_id}': students of kind {student.kind} have no form '{name}'. "
                f"{why}Choose from {', '.join(known)}"
            )
    return tuple(name for name in known if name in asked)


def student_parts(
    student: Student, names: Sequence[str], bits: int | None = None
) -> tuple[ItemParts, Student]:
    """A student as it goes into a bundle, without its golden rows.

    Args:
        student: the trained student.
        names: the forms to make.
        bits: of a number of a bag's table, 2 to 8; None for those it was trained in.

    Returns:
        The parts, and the student with the numbers that the forms hold: the same one, unless
        its table had to be rounded.

    Raises:
        InputError: a student of this kind has no choice of bits.
    """
    kind = registry.get(student.kind)
    held = kind.in_bits(student, bits)
    settings, vectorizer = kind.text_member(held)
    parts = ItemParts(
        item_id=held.item_id,
        student=kind.runs_as,
        classes=held.scale.classes,
        values=held.scale.values,
        decision=held.decision,
        parameters=held.parameters,
        golden=b"",
        flags=held.flags,
        text=settings,
        vectorizer=vectorizer,
        forms=kind.make_forms(held, names, hashlib.sha256(vectorizer[1]).hexdigest()),
    )
    return parts, held
