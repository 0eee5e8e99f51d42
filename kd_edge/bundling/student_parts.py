"""A student as a bundle holds it: its text stage, and its network in each form."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from kd_edge.data.responses import Row
from kd_edge.students import registry
from kd_edge.students.student import Student
from kd_edge.teacher.held_out import refuse_unscored
from kd_edge_export import form_writers
from kd_edge_export.bundle import ItemParts
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text.rules import AFTER_MARKUP, MARKUP_RULES


def choose_forms(student: Student, wanted: Sequence[str]) -> tuple[str, ...]:
    """The forms to write of a student.

    Args:
        student: the student.
        wanted: names of forms; "all"; or none for the default forms.

    Raises:
        InputError: a student of this kind has no such form.
    """
    forms = registry.get(student.kind).forms
    if not wanted:
        return form_writers.default(forms)
    if "all" in wanted:
        return tuple(forms)
    for name in wanted:
        if name not in forms:
            reason = ""
            if name.startswith("tflite") and name in form_writers.BAG:
                reason = "TFLite runs bags only; use ONNX for other kinds. "
            raise InputError(
                f"item '{student.item_id}': students of kind {student.kind} have no form '{name}'. "
                f"{reason}Choose from {', '.join(forms)}"
            )
    return tuple(name for name in forms if name in wanted)


def check_second(name: str, second: Student, held_out: Sequence[Row]) -> None:
    """Refuses a second student by whose answers nobody can say when it should be asked.

    Args:
        name: the item.
        second: the student.
        held_out: the scored responses that the first was not trained on.

    Raises:
        InputError: there are no such responses, or the second learnt from some of them.
    """
    if not held_out:
        raise InputError(
            f"item '{name}': its held-out responses say when the second student is asked, and "
            "there are none"
        )
    refuse_unscored(name, held_out, "say when the second student is asked")
    unseen = set(second.held_out)
    learnt = sum(row.response_id not in unseen for row in held_out)
    if unseen and learnt:  # a student that was not distilled says nothing
        raise InputError(
            f"item '{name}': the second student learnt from {learnt} of the {len(held_out)} "
            "responses that the first held out, which have to say when it is asked: distil both "
            "with the same teacher and seed"
        )


def second_forms(student: Student, wanted: Sequence[str]) -> tuple[str, ...]:
    """The forms to write of a second student: of those wanted what it has, else the default ones.

    Names are for the first student, whose kind is another as a rule.
    """
    forms = registry.get(student.kind).forms
    known = [name for name in wanted if name in forms or name == "all"]
    return choose_forms(student, known)


def student_parts(
    student: Student,
    names: Sequence[str],
    bits: int | None = None,
    texts: Sequence[str] = (),
) -> tuple[ItemParts, Student]:
    """Turns a student into the parts of a bundle, without its golden rows.

    Args:
        student: the trained student.
        names: the forms to write.
        bits: bits per number of a bag's table, 2 to 8; None for those it was trained with.
        texts: a sample of responses, for forms that are `sampled`.

    Returns:
        The parts, and the student with the numbers that the forms hold: the same student, unless
        its table had to be rounded.

    Raises:
        InputError: a student of this kind has no choice of bits.
    """
    kind = registry.get(student.kind)
    rounded = kind.in_bits(student, bits)
    settings, vectorizer = kind.text_member(rounded)
    if rounded.markup:
        settings = {**settings, "markup": MARKUP_RULES}
        if "rules" in settings:  # a reader that does not know markup refuses these
            settings["rules"] += AFTER_MARKUP
    parts = ItemParts(
        item_id=rounded.item_id,
        student=kind.runs_as,
        classes=rounded.scale.classes,
        values=rounded.scale.values,
        decision=rounded.decision,
        parameters=rounded.parameters,
        golden=b"",
        flags=rounded.flags,
        text=settings,
        vectorizer=vectorizer,
        forms=kind.make_forms(rounded, names, hashlib.sha256(vectorizer[1]).hexdigest(), texts),
    )
    return parts, rounded
