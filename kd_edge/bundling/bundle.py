"""From students to a bundle: forms compared with PyTorch, golden rows, model card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kd_edge.bundling.compared_forms import ComparedForms, Work, compare_forms
from kd_edge.bundling.date import bundle_date
from kd_edge.bundling.held_out import ToCount, with_held_out
from kd_edge.bundling.model_card import CardFigures, CardItem, card_text
from kd_edge.bundling.parity import FormParity, Limits, Sample
from kd_edge.bundling.student_parts import check_second, choose_forms, second_forms
from kd_edge.console.progress import Tracker, track
from kd_edge.data.responses import Row
from kd_edge.distillation.cascade import Cascade, CascadeOptions, choose_cascade
from kd_edge.distillation.outliers import prompt_codes
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.review import wanted_of
from kd_edge.stages.record import versions
from kd_edge.students import registry
from kd_edge.students.student import Student
from kd_edge_export.bundle import ItemParts, SecondParts, write_bundle
from kd_edge_export.golden import golden_inputs
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.bundle.second import second_name
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
        second: a further student, for responses of which the first is not sure; it needs
            `held_out`, to choose when it is asked, unless there is a `cascade`.
        cascade: when the second is asked, where that was chosen by other responses too.
    """

    student: Student
    sources: tuple[str, ...] = ()
    held_out: tuple[Row, ...] = ()
    prompts: tuple[str, ...] = ()
    part_of: str = ""
    second: Student | None = None
    cascade: Cascade | None = None


@dataclass(frozen=True)
class ExportOptions:
    """What goes into a bundle.

    Attributes:
        forms: names of forms; "all"; or none for the default forms.
        bits: bits per number of a bag's table; None for those it was trained with.
        limits: how much a form may differ from PyTorch.
        cascade: when second students are asked.
    """

    forms: tuple[str, ...] = ()
    bits: int | None = None
    limits: Limits = field(default_factory=Limits)
    cascade: CascadeOptions = field(default_factory=CascadeOptions)


@dataclass(frozen=True)
class Prepared:
    """A student whose forms are written and checked, each compared with PyTorch.

    Attributes:
        second: the second student of the item, prepared likewise; `parts` hold its forms too.
        cascade: when the second is asked.
    """

    student: Student
    parts: ItemParts
    parity: tuple[FormParity, ...]
    second: Prepared | None = None
    cascade: Cascade | None = None

    @property
    def provenance(self) -> dict[str, Any]:
        """How the second student was trained and chosen; empty without one."""
        if self.second is None or self.cascade is None:
            return {}
        return {**self.second.student.provenance, "cascade": self.cascade.provenance()}


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
    parity = {name: forms for each in prepared for name, forms in parities(each)}
    return Exported(write(prepared, path, provenance), parity)


def prepare(items: Sequence[ExportItem], options: ExportOptions | None = None) -> list[Prepared]:
    """Writes every form of every student in memory, and checks it.

    Args:
        items: one or more items.
        options: which forms, and how much they may differ.

    Raises:
        ParityError: the scores of a form differ too much from PyTorch.
        InputError: two students of one item, a second that is the first once more or learnt from
            what the first held out, or a form that a student does not have.
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
    for item in items:
        if item.second and item.cascade is None:
            check_second(item.student.item_id, item.second, item.held_out)
    work, prepared = Work(options.limits), []
    with _progress(len(items)) as tracker:
        for item, forms in zip(items, chosen, strict=True):
            prepared.append(_item(item, forms, options, work))
            tracker.advance()
    work.shared.check()
    counted = with_held_out([*map(_to_count, items, prepared)])
    return [replace(one, parts=parts) for one, parts in zip(prepared, counted, strict=True)]


def _progress(items: int) -> AbstractContextManager[Tracker]:
    """Shown for several items alone: one takes a moment."""
    if items > 1:
        return track("running the small models' forms", items)
    return nullcontext(Tracker("", items))


def _to_count(item: ExportItem, prepared: Prepared) -> ToCount:
    shared_by = item.student.provenance.get("privacy", {}).get("shared_by", 0)
    return ToCount(prepared.parts, item.held_out, shared_by)


def parities(prepared: Prepared) -> Iterator[tuple[str, tuple[FormParity, ...]]]:
    """Each student of an item by its name, with its forms compared with PyTorch."""
    name = prepared.student.item_id
    yield name, prepared.parity
    if prepared.second:
        yield second_name(name), prepared.second.parity


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
    seconds = {each.student.item_id: each.provenance for each in prepared if each.second}
    more = {"seconds": seconds} if seconds else {}
    created_by = {name: value for name, value in versions().items() if name != "python"}
    return write_bundle(
        path,
        [each.parts for each in prepared],
        card_text(
            [
                CardItem(
                    each.student,
                    measured.get(each.student.item_id),
                    each.second.student if each.second else None,
                    each.cascade.figures if each.cascade else None,
                    (each.parts.held_out or {}).get("responses", 0),
                )
                for each in prepared
            ]
        ),
        created or bundle_date(),
        created_by,
        {**provenance, "students": {each.item_id: each.provenance for each in students}, **more},
    )


def _item(item: ExportItem, names: Sequence[str], options: ExportOptions, work: Work) -> Prepared:
    work.memory.next_item()
    student, rows = item.student, item.held_out
    kind = registry.get(student.kind)
    sample = Sample(
        golden_inputs(item.sources, rules=kind.text_rules(student)),
        tuple(row.text for row in rows),
        tuple(row.response_id for row in rows),
        human_scores(rows) if rows and all(row.score is not None for row in rows) else None,
    )
    ran = compare_forms(student, student.item_id, names, options.bits, sample, work)
    rules = ran.parts.text.get("rules", 1) % AFTER_MARKUP
    parts = replace(
        ran.parts,
        flags=replace(ran.parts.flags, prompt=prompt_codes(item.prompts, rules)),
        part_of=item.part_of,
    )
    if item.second is None:
        return Prepared(student, parts, ran.parity)
    forms, name = second_forms(item.second, options.forms), second_name(student.item_id)
    second = compare_forms(item.second, name, forms, None, sample, work)
    if (ran.parts.vectorizer, ran.parts.forms) == (second.parts.vectorizer, second.parts.forms):
        raise InputError(f"item '{student.item_id}': the second student is the first once more")
    cascade = item.cascade or _cascade(student, ran, second, sample, options.cascade)
    both = SecondParts(
        second.parts,
        below=cascade.below,
        weight=cascade.weight,
        temperature=cascade.temperature,
        review=cascade.review.below,
    )
    return Prepared(
        student,
        replace(parts, second=both),
        ran.parity,
        Prepared(item.second, second.parts, second.parity),
        cascade,
    )


def _cascade(
    student: Student,
    first: ComparedForms,
    second: ComparedForms,
    sample: Sample,
    options: CascadeOptions,
) -> Cascade:
    """When the second is asked, by what devices compute of the held-out responses."""
    scores = sample.scores
    assert scores is not None
    by_first, by_second = (
        next(iter(ran.outputs.values()))[len(sample.golden) :] for ran in (first, second)
    )
    scale, decision, wanted = student.scale, student.decision, wanted_of(student.provenance)
    return choose_cascade(by_first, by_second, scores, scale, decision, options, wanted)
