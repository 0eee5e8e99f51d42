"""The model card of a bundle: what it is for, how well it scores, and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kd_edge.evaluation.agreement import Line
from kd_edge.evaluation.review import review_of
from kd_edge.evaluation.tables import figures_markdown
from kd_edge.students import registry
from kd_edge.students.student import Student


@dataclass(frozen=True)
class CardFigures:
    """Measured figures of an item, for its card.

    Attributes:
        measured_on: the responses they were measured on, described in words.
        lines: one line a scorer.
    """

    measured_on: str
    lines: tuple[Line, ...]


def card_text(items: Sequence[tuple[Student, CardFigures | None]]) -> str:
    """The card of a bundle, Markdown, from each student and its figures; None for no figures."""
    parts = [
        "# Scores written answers to " + ("one item" if len(items) == 1 else f"{len(items)} items"),
        "A small model that kd-edge trained on people's scores and on the scores of a large "
        "language model; in research they are called *student* and *teacher*. It gives "
        "each response a score, the expected score and a confidence.",
        "**For** a first score or a second opinion on responses like those it was trained on, on a "
        "device without a network. **Not for** decisions about a child without a person, for "
        "other items, or for groups of children on whose responses it was not measured.",
    ]
    for student, figures in items:
        parts.append(f"## Item {student.item_id}")
        parts.append(_description(student))
        if figures:
            parts.append(f"Measured on {figures.measured_on}:")
            parts.append(figures_markdown(figures.lines))
        else:
            parts.append("It has not been measured on responses it was not trained on.")
    parts += [
        registry.get(name).holds.format(
            min(
                getattr(student.options, "min_responses", 0)
                for student, _ in items
                if student.kind == name
            )
        )
        for name in registry.REGISTRY
        if any(student.kind == name for student, _ in items)
    ]
    return "\n\n".join(parts) + "\n"


def _description(student: Student) -> str:
    provenance = student.provenance
    description = (
        f"Scores {', '.join(student.scale.classes)}; a small model of the kind "
        f"'{student.kind}' with {student.parameters:,} parameters, trained on "
        f"{provenance['rows']:,} responses scored by people and {provenance['variants']:,} "
        "variants scored by the large model."
    )
    calibration, review = provenance.get("calibration"), review_of(student.provenance)
    if calibration:
        description += (
            " Its probabilities are calibrated on responses it was not trained on (temperature "
            f"{calibration['temperature']:.2f})."
        )
    return f"{description} {review}" if review else description
