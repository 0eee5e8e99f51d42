"""From students to a bundle: forms compared with PyTorch, golden rows, model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from kd_edge.bundling.model_card import CardFigures, card_text
from kd_edge.bundling.parity import FormParity, Gate, Limits, Sample
from kd_edge.bundling.student_parts import choose_forms, student_parts
from kd_edge.data.responses import Row
from kd_edge.distillation.outliers import prompt_codes
from kd_edge.evaluation.agreement import human_scores
from kd_edge.stages.record import versions
from kd_edge.students import registry
from kd_edge.students.student import Student
from kd_edge_export.bundle import ItemParts, write_bundle
from kd_edge_export.golden import golden_inputs, golden_json
from kd_edge_export.parity import form_outputs
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text.rules import AFTER_MARKUP


@dataclass(frozen=True)
class ExportItem:
    """An item to put into a bundle.

    Attributes:
        sources: the item's prompt, rubric and reference answers, for golden rows.
        prompts: the sources that students see; responses that copy them are flagged.
        held_out: scored responses that the student was not trained on, on which forms are
            compared with PyTorch.
        part_of: what the item's score is a part of, "" if it stands for itself.
    """

    student: Student
    sources: tuple[str, ...] = ()
    held_out: tuple[Row, ...] = ()
    prompts: tuple[str, ...] = ()
    part_of: str = ""


@dataclass(frozen=True)
class ExportOptions:
    """What goes into a bundle.

    Attributes:
        forms: names of forms; "all"; or none for the default forms.
        bits: bits per number of a bag's table; None for those it was trained with.
        limits: how much a form may differ from PyTorch.
    """

    forms: tuple[str, ...] = ()
    bits: int | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Prepared:
    """A student whose forms are written and checked, each compared with PyTorch."""

    student: Student
    parts: ItemParts
    parity: tuple[FormParity, ...]


@dataclass(frozen=True)
class Exported:
    """A bundle that was written; and each form compared with PyTorch, by item."""

    manifest: Manifest
    parity: Mapping[str, tuple[FormParity, ...]]


def export(
    items: Sequence[ExportItem],
    path: Path,
    provenance: Mapping[str, Any],
    options: ExportOptions | None = None,
) -> Exported:
    """Writes a bundle if every form scores as its student does; see `prepare` and `write`."""
    prepared = prepare(items, options)
    parity = {each.student.item_id: each.parity for each in prepared}
    return Exported(write(prepared, path, provenance), parity)


def prepare(items: Sequence[ExportItem], options: ExportOptions | None = None) -> list[Prepared]:
    """Writes every form of every student in memory, and checks it.

    Args:
        items: one or more items.
        options: which forms, and how much they may differ.

    Raises:
        ParityError: the scores of a form differ too much from PyTorch.
        InputError: two students of one item, or a form that a student does not have.
    """
    options = options or ExportOptions()
    names = [item.student.item_id for item in items]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            f"there are two students for item '{twice}': a bundle holds one for each item"
        )
    # For all items first, so that a wrong name is reported before the work starts.
    chosen = [choose_forms(item.student, options.forms) for item in items]
    return [_item(item, forms, options) for item, forms in zip(items, chosen, strict=True)]


def write(
    prepared: Sequence[Prepared],
    path: Path,
    provenance: Mapping[str, Any],
    figures: Mapping[str, CardFigures] | None = None,
    created: str = "",
) -> Manifest:
    """Writes a bundle.

    Args:
        prepared: the students.
        path: the `.kdz` to write.
        provenance: how the students were trained, JSON types, no absolute paths.
        figures: measured figures by item, for the card.
        created: the time, ISO 8601; "" for now.

    Raises:
        InputError: the file cannot be written.
    """
    measured, students = figures or {}, [each.student for each in prepared]
    created_by = {name: value for name, value in versions().items() if name != "python"}
    return write_bundle(
        path,
        [each.parts for each in prepared],
        card_text([(student, measured.get(student.item_id)) for student in students]),
        created or datetime.now(timezone.utc).isoformat(timespec="seconds"),
        created_by,
        {**provenance, "students": {each.item_id: each.provenance for each in students}},
    )


def _item(item: ExportItem, names: Sequence[str], options: ExportOptions) -> Prepared:
    student = item.student
    kind = registry.get(student.kind)
    sample = Sample(
        golden_inputs(item.sources, rules=kind.text_rules(student)),
        tuple(row.text for row in item.held_out),
        tuple(row.response_id for row in item.held_out),
        human_scores(item.held_out) if item.held_out else None,
    )
    parts, held = student_parts(student, names, options.bits)
    expected = student.probabilities(sample.all)
    exact = expected if held is student else held.probabilities(sample.all)
    gate = Gate(student.item_id, student.scale, student.decision, sample, expected, options.limits)
    outputs = form_outputs(parts, sample.all)
    for form, output in outputs.items():
        if kind.forms[form].exact:
            gate.exact(form, output, exact)
        gate.near(form, output)
    golden = {form: output[: len(sample.golden)].tolist() for form, output in outputs.items()}
    rules = parts.text.get("rules", 1) % AFTER_MARKUP
    parts = replace(
        parts,
        golden=golden_json(sample.golden, golden),
        flags=replace(
            parts.flags,
            prompt=prompt_codes(item.prompts, rules),
        ),
        part_of=item.part_of,
    )
    sizes = {form: len(data) for form, (_, data) in parts.forms.items()}
    parity = tuple(gate.figures(form, sizes[form], outputs[form]) for form in outputs)
    return Prepared(student, parts, parity)
