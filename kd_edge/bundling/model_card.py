"""The model card of a bundle: what it is for, how well it scores, and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kd_edge.distillation.cascade import Figures
from kd_edge.distillation.choice import choice_of
from kd_edge.distillation.labels_only import labels_only_words
from kd_edge.evaluation.agreement import Line
from kd_edge.evaluation.review import LABELS_ONLY, review_of
from kd_edge.evaluation.tables import figures_markdown
from kd_edge.soft_labels.origin import ORIGIN, origin_words
from kd_edge.students import registry
from kd_edge.students.student import Student


@dataclass(frozen=True)
class CardFigures:
    """Measured figures of an item, for its card.

    Attributes:
        measured_on: the responses they were measured on, described in words.
        lines: one line a scorer.
        size: of a search for a size, what was chosen and why; "" for none.
        teachers: how many large models it learnt from.
    """

    measured_on: str
    lines: tuple[Line, ...]
    size: str = ""
    teachers: int = 1


@dataclass(frozen=True)
class CardItem:
    """What a card says of an item.

    Attributes:
        student: its student.
        figures: measured figures; None for none.
        second: the student that is asked where the first is not sure; None for none.
        cascade: what both do together on held-out responses.
        held_out: how many held-out responses the bundle counts the scores of; 0 for none.
    """

    student: Student
    figures: CardFigures | None = None
    second: Student | None = None
    cascade: Figures | None = None
    held_out: int = 0

    @property
    def students(self) -> tuple[Student, ...]:
        """Its student, or both."""
        return (self.student, self.second) if self.second else (self.student,)


def card_text(items: Sequence[CardItem]) -> str:
    """The card of a bundle, Markdown."""
    parts = [
        "# Scores written answers to " + ("one item" if len(items) == 1 else f"{len(items)} items"),
        f"A small model that kd-edge trained on {_learnt_from(items)} of {_teachers(items)}; "
        "in research they are called *student* and *teacher*. It gives "
        "each response a score, the expected score and a confidence.",
        "**For** a first score or a second opinion on responses like those it was trained on, on a "
        "device without a network. **Not for** decisions about a child without a person, for "
        "other items, or for groups of children on whose responses it was not measured.",
    ]
    for item in items:
        parts.append(f"## Item {item.student.item_id}")
        parts.append(_description(item.student))
        if item.second:
            parts.append(_second(item.second, item.cascade))
        if item.figures:
            if item.figures.size:
                parts.append(item.figures.size)
            parts.append(f"Measured on {item.figures.measured_on}:")
            parts.append(figures_markdown(item.figures.lines))
        elif LABELS_ONLY not in item.student.provenance:
            parts.append("It has not been measured on responses it was not trained on.")
    students = [student for item in items for student in item.students]
    parts += [
        registry.get(name).holds.format(_sharers(those))
        for name in registry.REGISTRY
        if (those := [student for student in students if student.kind == name])
    ]
    if any(item.held_out for item in items):
        parts.append(
            "How held-out responses were scored is in it as counts, for later scores to be "
            "compared with; none is of fewer than three students (responses, where it is not known "
            "who wrote them)."
        )
    kept_out = max(_privacy(student).get("words_kept_out", 0) for student in students)
    if kept_out:
        words = "1 name or word was" if kept_out == 1 else f"{kept_out:,} names and words were"
        parts.append(f"{words} kept out by a list.")
    return "\n\n".join(parts) + "\n"


def _sharers(students: Sequence[Student]) -> str:
    """How many must share what students know: "3 responses", at the least of all of them."""
    least = min(getattr(student.options, "min_responses", 0) for student in students)
    units = {_privacy(student).get("counted", "responses") for student in students}
    return f"{least} {'students' if units == {'students'} else 'responses'}"


def _privacy(student: Student) -> dict[str, Any]:
    """What its provenance says of whose words it knows; empty from an older version."""
    known: dict[str, Any] = student.provenance.get("privacy", {})
    return known


def _learnt_from(items: Sequence[CardItem]) -> str:
    alone = [LABELS_ONLY in item.student.provenance for item in items]
    if all(alone):
        return "no person's scores, on those"
    where = ", where there are any," if any(alone) else ""
    return f"people's scores{where} and on the scores"


def _teachers(items: Sequence[CardItem]) -> str:
    most = max((item.figures.teachers for item in items if item.figures), default=1)
    return "a large language model" if most == 1 else f"{most} large language models (their mean)"


def _description(student: Student) -> str:
    provenance = student.provenance
    alone, origin = provenance.get(LABELS_ONLY), provenance.get(ORIGIN)
    learnt = (
        f"{alone['responses']:,} responses and {provenance['variants']:,} variants, all"
        if alone
        else f"{provenance['rows']:,} responses scored by people and {provenance['variants']:,} "
        "variants"
    )
    description = (
        f"Scores {', '.join(student.scale.classes)}; a small model of the kind "
        f"'{student.kind}' with {student.parameters:,} parameters, trained on {learnt} "
        "scored by the large model."
    )
    calibration, review = provenance.get("calibration"), review_of(provenance)
    choice = choice_of(provenance)
    if alone:
        description += f" **{labels_only_words(alone)}**"
    if origin:
        description += f" {origin_words(origin)}"
    if choice:
        description += f" {choice}"
    if calibration and alone:
        description += (
            " Its confidence is how sure it is of the large model's score, not of a person's."
        )
    elif calibration:
        description += (
            " Its probabilities are calibrated on responses it was not trained on (temperature "
            f"{calibration['temperature']:.2f})."
        )
    return f"{description} {review}" if review else description


def _second(student: Student, figures: Figures | None) -> str:
    text = (
        f"It has a second, larger model of the kind '{student.kind}' with {student.parameters:,} "
        "parameters, which a device asks where it can run it; the first scores alone where not."
    )
    return f"{text} {figures}" if figures else text
