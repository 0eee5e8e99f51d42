"""The forms of a student, run on responses and compared with PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kd_edge.bundling.parity import FormParity, Gate, Limits, Sample
from kd_edge.bundling.shared_parity import SharedParity
from kd_edge.bundling.student_parts import student_parts
from kd_edge.students import registry
from kd_edge.students.student import Student
from kd_edge_export.bundle import ItemParts
from kd_edge_export.golden import golden_json, tolerances
from kd_edge_export.parity import Memory, Probabilities, form_outputs
from kd_edge_runtime.errors import ParityError


@dataclass(frozen=True, eq=False)
class Work:
    """What the items of a bundle have in common while their forms are run.

    Attributes:
        limits: how much a form may differ from PyTorch.
        memory: networks that were loaded.
        shared: what a network that items share gave, to be looked at after the last item.
    """

    limits: Limits
    memory: Memory = field(default_factory=Memory)
    shared: SharedParity = field(default_factory=SharedParity)


@dataclass(frozen=True, eq=False)
class ComparedForms:
    """A student's forms, run on a sample.

    Attributes:
        parts: with golden rows.
        outputs: each form's probabilities of the sample, [N, K] by form.
        parity: each form compared with PyTorch.
    """

    parts: ItemParts
    outputs: Mapping[str, Probabilities]
    parity: tuple[FormParity, ...]


def compare_forms(
    student: Student,
    name: str,
    forms: Sequence[str],
    bits: int | None,
    sample: Sample,
    work: Work,
) -> ComparedForms:
    """Writes a student's forms, runs them, and refuses those that differ from PyTorch.

    A student of many items is looked at with all of them, by `work.shared`.

    Args:
        student: the student of an item.
        name: what errors call it.
        forms: the names of the forms.
        bits: of a number in the smallest forms; None for those of the student.
        sample: the responses to run them on.
        work: what the bundle's items have in common.

    Raises:
        ParityError: a form differs by more than the limits.
    """
    kind, limits, memory = registry.get(student.kind), work.limits, work.memory
    parts, held = student_parts(student, forms, bits, sample.texts)
    expected = student.probabilities(sample.all)
    exact = expected if held is student else held.probabilities(sample.all)
    gate = Gate(name, student.scale, student.decision, sample, expected, limits)
    outputs = form_outputs(parts, sample.all, memory)
    shared = registry.REGISTRY[student.kind].many_questions
    for form in parts.forms:
        if kind.forms[form].exact:
            gate.exact(form, outputs[form], exact)
        if shared:
            continue
        try:
            gate.near(form, outputs[form])
        except ParityError:
            if not kind.forms[form].sampled:
                raise
            # Without a sample it is written as close to PyTorch as its bits allow.
            closer, _ = student_parts(student, [form], bits)
            outputs |= form_outputs(closer, sample.all, memory)
            parts = replace(parts, forms={**parts.forms, **closer.forms})
            gate.near(form, outputs[form])
    if shared:
        work.shared.add(student.kind, gate, outputs)
    golden = {form: output[: len(sample.golden)].tolist() for form, output in outputs.items()}
    sizes = {form: len(data) for form, (_, data) in parts.forms.items()}
    parity = tuple(gate.figures(form, sizes[form], outputs[form]) for form in outputs)
    member = golden_json(sample.golden, golden, tolerances(parts.forms))
    return ComparedForms(replace(parts, golden=member), outputs, parity)
