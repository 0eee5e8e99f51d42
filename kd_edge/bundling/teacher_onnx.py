"""Exports a teacher to ONNX, to score with it without PyTorch.

Each form is run in ONNX Runtime on the golden inputs and on responses, and compared with PyTorch
before anything is written.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kd_edge.bundling.parity import FormParity, Gate, Limits, Sample
from kd_edge.bundling.teacher_graph import candidate_graphs, tokenizer_file
from kd_edge.console.progress import say, track
from kd_edge.evaluation.metrics import Scores
from kd_edge.files import atomic_folder, check_replaceable, write_json
from kd_edge.stages.record import hash_folder, versions
from kd_edge.teacher.card import TeacherCard, read_item_card
from kd_edge.teacher.classifier import load_teacher
from kd_edge.teacher.graph import fp32_graph
from kd_edge.teacher.predict import predict
from kd_edge_export.bundle import ItemParts
from kd_edge_export.golden import golden_inputs
from kd_edge_export.onnx.transformer import OPSET
from kd_edge_export.parity import form_models
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE
from kd_edge_runtime.errors import ParityError, printable

if TYPE_CHECKING:
    from kd_edge_runtime.backends import Model

DESCRIPTION = "model.json"
TEACHER_DEFAULT = ("onnx-int8", "onnx-fp32")

_MARKERS = (DESCRIPTION,)
_CHUNK = 64  # responses per step of the progress bar
_INPUTS = {
    "ids": "int64 [N, T]: token ids by the tokenizer, padded on the right",
    "mask": "int64 [N, T]: 1 for a token, 0 for padding",
}
_OUTPUTS = {
    "probabilities": "float32 [N, K]: the probability of each class, in the order of classes"
}


@dataclass(frozen=True)
class TeacherForm:
    """One form of a teacher, its large products computed in "int8" or "fp32"."""

    file: str
    arithmetic: str
    parity: FormParity


@dataclass(frozen=True)
class TeacherExport:
    """A teacher that was exported to ONNX."""

    folder: Path
    parameters: int
    forms: tuple[TeacherForm, ...]


def export_teacher(
    folder: Path,
    output: Path,
    texts: Sequence[str] = (),
    scores: Scores | None = None,
    limits: Limits | None = None,
    ids: Sequence[str] = (),
    item_id: str = "",
    names: Sequence[str] = TEACHER_DEFAULT,
) -> TeacherExport:
    """Export a teacher to ONNX if every form gives the same scores.

    Args:
        folder: what `finetune` wrote.
        output: the folder to create or replace: a file for each form, tokenizer.json, and
            model.json, which describes them.
        texts: responses on which the forms are compared with PyTorch, besides the golden
            inputs. Without any, forms with rounded numbers are compared, but have no limits.
        scores: people's scores of them as classes; [N].
        limits: how much a form may differ.
        ids: the responses' ids, for messages; by default their numbers.
        item_id: the item; by default the name of the teacher's folder.
        names: the forms to write, of `TEACHER_FORMS`.

    Raises:
        InputError: the folder holds no finished teacher, or one that ONNX cannot represent, or
            that reads more than a response; the output cannot be written, or is a folder of
            another kind.
        ParityError: the scores of a form differ too much from PyTorch; nothing is written.
    """
    check_replaceable(output, _MARKERS)  # before the work starts
    card = read_item_card(folder)
    model = load_teacher(folder)
    tokenizer = tokenizer_file(model)
    parts = ItemParts(
        item_id=item_id or printable(folder.resolve().name),
        student="transformer",  # so that a device runs it as one
        classes=card.classes,
        values=card.scale.values,
        decision=MOST_PROBABLE,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        text={},
        vectorizer=("tokenizer.json", tokenizer),
        forms={},
        golden=b"",
    )
    say("Converting the teacher to ONNX, which takes up to a minute.")
    fp32 = fp32_graph(model, parts.item_id, _sha256(tokenizer))
    sample = Sample(
        golden_inputs(()),
        tuple(texts),
        tuple(ids) or tuple(str(place + 1) for place in range(len(texts))),
        None if scores is None or not texts else np.asarray(scores),
    )
    expected = predict(model, sample.all, precision="fp32", progress="PyTorch", device="cpu")
    gate = Gate(parts.item_id, card.scale, parts.decision, sample, expected, limits or Limits())
    written = {name: _form(name, fp32, parts, sample, gate) for name in names}
    with atomic_folder(output, _MARKERS) as new:
        (new / parts.vectorizer[0]).write_bytes(tokenizer)
        for form, data in written.values():
            (new / form.file).write_bytes(data)
        write_json(new / DESCRIPTION, _description(folder, card, parts, written))
    forms = tuple(form for form, _ in written.values())
    return TeacherExport(output, parts.parameters, forms)


def _form(
    name: str, fp32: bytes, parts: ItemParts, sample: Sample, gate: Gate
) -> tuple[TeacherForm, bytes]:
    """The fastest form within the limits, and its bytes."""
    file = f"{name.removeprefix('onnx-')}.onnx"
    refused: ParityError | None = None
    for arithmetic, data in candidate_graphs(name, fp32):
        if refused:
            say(f"{name}: too many scores change; trying {arithmetic} products, which are slower.")
        model = form_models(replace(parts, forms={name: (file, data)}))[name]
        probabilities = _run(model, name, sample.all)
        try:
            if name == "onnx-fp32":
                gate.exact(name, probabilities, gate.expected)
            if sample.texts:  # golden inputs are few, and no real responses
                gate.near(name, probabilities)
        except ParityError as error:
            refused = error
            continue
        figures = gate.figures(name, len(data), probabilities)
        return TeacherForm(file, arithmetic, figures), data
    assert refused is not None
    raise refused


def _run(model: Model, name: str, texts: Sequence[str]) -> np.ndarray:
    """A form's probabilities of N responses, float64 [N, K]; similar lengths share a chunk."""
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    rows: dict[int, tuple[float, ...]] = {}
    with track(name, len(texts)) as tracker:
        for start in range(0, len(order), _CHUNK):
            chunk = order[start : start + _CHUNK]
            scored = model.probabilities([texts[at] for at in chunk])
            rows |= zip(chunk, scored, strict=True)
            tracker.advance(len(chunk))
    return np.array([rows[at] for at in range(len(texts))])


def _description(
    folder: Path,
    card: TeacherCard,
    parts: ItemParts,
    written: dict[str, tuple[TeacherForm, bytes]],
) -> dict[str, Any]:
    libraries = {name: importlib.metadata.version(name) for name in ("onnx", "onnxruntime")}
    file, tokenizer = parts.vectorizer
    return {
        "item_id": parts.item_id,
        "classes": list(parts.classes),
        "values": list(parts.values),
        "decision": parts.decision,
        "parameters": parts.parameters,
        "base": card.base,
        "base_sha256": card.base_sha256,
        "teacher_sha256": hash_folder(folder),
        "created_by": {**versions(), **libraries},
        "opset": OPSET,
        "inputs": _INPUTS,
        "outputs": _OUTPUTS,
        "tokenizer": _file(file, tokenizer),
        "forms": {
            name: {
                **_file(form.file, data),
                "arithmetic": form.arithmetic,
                "against_pytorch": _figures(form.parity),
            }
            for name, (form, data) in written.items()
        },
    }


def _file(name: str, data: bytes) -> dict[str, Any]:
    return {"file": name, "bytes": len(data), "sha256": _sha256(data)}


def _figures(parity: FormParity) -> dict[str, Any]:
    compared = {"golden": parity.golden, "responses": parity.held_out}
    names = ("responses", "greatest", "mean", "equal")
    shown = {
        where: {name: getattr(difference, name) for name in names}
        for where, difference in compared.items()
        if difference is not None
    }
    return {**shown, "qwk": parity.qwk, "qwk_change": parity.qwk_change}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
