"""From students to a bundle: their forms, checked against PyTorch, golden rows, card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from kd_edge.card import Figures, card_text
from kd_edge.stage import versions
from kd_edge.students.bag import BagNetwork
from kd_edge.students.store import Student, probabilities
from kd_edge_export import forms
from kd_edge_export.bundle import ItemParts, write_bundle
from kd_edge_export.golden import golden_inputs, golden_json
from kd_edge_export.parity import Parity, compare, form_outputs
from kd_edge_export.quantize import BagArrays, dequantized, quantize
from kd_edge_runtime.bag import BagWeights
from kd_edge_runtime.errors import InputError, KdEdgeError
from kd_edge_runtime.manifest import Manifest
from kd_edge_runtime.text import TEXT_RULES

# What two ways of adding up the same numbers may differ by.
_EXACT = 1e-4


class ParityError(KdEdgeError):
    """A form does not score as the student does: no bundle is written."""

    exit_code = 5


@dataclass(frozen=True)
class ExportItem:
    """An item to put into a bundle.

    Attributes:
        student: the trained student.
        sources: the item's prompt, rubric and reference answers, for golden rows.
    """

    student: Student
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """Students whose forms are made and checked, ready to be written.

    Attributes:
        students: one an item.
        parts: each as it goes into a bundle.
        parity: for each item the comparison of each form with PyTorch in fp32.
    """

    students: tuple[Student, ...]
    parts: tuple[ItemParts, ...]
    parity: Mapping[str, tuple[Parity, ...]]


@dataclass(frozen=True)
class Exported:
    """A bundle that was written.

    Attributes:
        manifest: what it says of itself.
        parity: for each item the comparison of each form with PyTorch in fp32.
    """

    manifest: Manifest
    parity: Mapping[str, tuple[Parity, ...]]


def export(items: Sequence[ExportItem], path: Path, provenance: Mapping[str, Any]) -> Exported:
    """Writes a bundle, if every form scores as its student does; see `prepare` and `write`."""
    prepared = prepare(items)
    return Exported(write(prepared, path, provenance), prepared.parity)


def prepare(items: Sequence[ExportItem]) -> Prepared:
    """Makes every form of every student, and checks it.

    Args:
        items: one or more items.

    Raises:
        ParityError: a form gives other scores than PyTorch.
        InputError: an item is there twice.
    """
    names = [item.student.item_id for item in items]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"there are two students for item '{twice}': a bundle holds one an item")
    parts, parity = [], {}
    for item in items:
        made, compared = _item(item)
        parts.append(made)
        parity[item.student.item_id] = compared
    return Prepared(tuple(item.student for item in items), tuple(parts), parity)


def write(
    prepared: Prepared,
    path: Path,
    provenance: Mapping[str, Any],
    figures: Mapping[str, Figures] | None = None,
) -> Manifest:
    """Writes a bundle.

    Args:
        prepared: its students.
        path: the `.kdz` to write.
        provenance: what it is made from, JSON types, no absolute paths.
        figures: measured figures by item, for the card.

    Raises:
        InputError: the file cannot be written.
    """
    measured = figures or {}
    made_by = {name: value for name, value in versions().items() if name != "python"}
    return write_bundle(
        path,
        prepared.parts,
        card_text([(student, measured.get(student.item_id)) for student in prepared.students]),
        datetime.now(timezone.utc).isoformat(timespec="seconds"),
        made_by,
        {
            **provenance,
            "students": {student.item_id: student.provenance for student in prepared.students},
        },
    )


def _item(item: ExportItem) -> tuple[ItemParts, tuple[Parity, ...]]:
    student = item.student
    inputs = golden_inputs(item.sources)
    if student.kind == "bag":
        weights = quantize(_arrays(student.network))
        parts = _bag_parts(student, weights)
        # The forms hold the quantized table: so does the network they are held against.
        exact = probabilities(
            _with_table(student.network, weights), student.text, inputs, len(student.scale.classes)
        )
    else:
        parts = _token_parts(student)
        exact = student.probabilities(inputs)
    outputs = form_outputs(parts, inputs)
    for form, found in outputs.items():
        # ONNX Runtime's int8 of a token student is another network: compared, not held equal.
        if student.kind == "bag" or form == "onnx-fp32":
            _refuse_difference(student, form, found, exact)
    parts = replace(parts, golden=golden_json(inputs, outputs))
    floats = student.probabilities(inputs)
    return parts, tuple(compare(form, found, floats) for form, found in outputs.items())


def _refuse_difference(
    student: Student,
    form: str,
    found: npt.NDArray[np.float64],
    exact: npt.NDArray[np.float32],
) -> None:
    parity = compare(form, found, exact)
    if not parity.greatest <= _EXACT:  # so that what is no number is refused too
        worst = int(np.abs(found - exact).max(1).argmax())
        raise ParityError(
            f"item '{student.item_id}': the form {form} differs from PyTorch by "
            f"{parity.greatest:.2g} (at most {_EXACT:.0e} is allowed), most on golden row "
            f"{worst + 1}. No bundle was written."
        )


def _parts(student: Student, **more: Any) -> ItemParts:
    return ItemParts(
        item_id=student.item_id,
        student=student.kind,
        classes=student.scale.classes,
        values=student.scale.values,
        decision=student.decision,
        parameters=student.parameters,
        golden=b"",
        **more,
    )


def _bag_parts(student: Student, weights: BagWeights) -> ItemParts:
    vocabulary = student.text.vocabulary
    return _parts(
        student,
        text={
            "rules": TEXT_RULES,
            "gram": vocabulary.gram,
            "sizes": vocabulary.sizes,
            "dimensions": weights.dimensions,
        },
        vectorizer=("vocabulary.bin", vocabulary.to_bytes()),
        forms=forms.bag_forms(weights, student.item_id),
    )


def _token_parts(student: Student) -> ItemParts:
    network, tokenizer = student.network, student.text.tokenizer
    if student.kind == "rnn":
        state = {name: part.numpy() for name, part in network.state_dict().items()}
        made = forms.rnn_forms(state, student.item_id)
    else:
        made = forms.transformer_forms(network, student.item_id)
    return _parts(
        student,
        text={"tokens": tokenizer.get_vocab_size()},
        vectorizer=("tokenizer.json", tokenizer.to_str().encode("utf-8")),
        forms=made,
    )


def _arrays(network: torch.nn.Module) -> BagArrays:
    state = {name: part.numpy() for name, part in network.state_dict().items()}
    return BagArrays(state["table"], state["bias"], state["head.weight"], state["head.bias"])


def _with_table(network: BagNetwork, weights: BagWeights) -> BagNetwork:
    """The same network with the numbers that its forms hold."""
    copy = BagNetwork(len(network.table), len(network.head.bias), network.options)
    copy.load_state_dict(network.state_dict())
    with torch.no_grad():
        copy.table.copy_(torch.from_numpy(dequantized(weights).table))
    return copy.eval()
