"""A student's parts as they go into a bundle: its text stage, and its network in each form."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import torch

from kd_edge.students.pruning import in_bits
from kd_edge.students.store import Student
from kd_edge_export import forms
from kd_edge_export.bundle import ItemParts
from kd_edge_export.quantize import BagArrays, quantize
from kd_edge_export.relation import relation_bytes
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.students.bag import FORM
from kd_edge_runtime.text.relation import RELATION_RULES
from kd_edge_runtime.text.rules import TEXT_RULES

# A table that was trained in floats is rounded to this many bits.
_MOST_BITS = 8


def choose_forms(student: Student, asked: Sequence[str]) -> tuple[str, ...]:
    """The forms to make of a student.

    Args:
        student: the student.
        asked: names of forms, "all", or nothing for what devices need.

    Raises:
        InputError: a student of this kind has no such form.
    """
    is_bag = student.kind == "bag"
    if student.kind == "pairs":
        return _only_plain(student, asked)
    known = forms.BAG_FORMS if is_bag else forms.TOKEN_FORMS
    if not asked:
        return forms.BAG_DEFAULT if is_bag else forms.TOKEN_DEFAULT
    if "all" in asked:
        return known
    for name in asked:
        if name not in known:
            why = ""
            if name.startswith("tflite") and name in forms.BAG_FORMS:
                why = "TFLite runs the network of a bag alone; for others there is ONNX. "
            raise InputError(
                f"item '{student.item_id}': a {student.kind} has no form '{name}'. {why}Choose "
                f"from {', '.join(known)}"
            )
    return tuple(name for name in known if name in asked)


def student_parts(
    student: Student, names: Sequence[str], bits: int | None = None
) -> tuple[ItemParts, Student]:
    """A student as it goes into a bundle, its golden rows yet to come.

    Args:
        student: the trained student.
        names: the forms to make.
        bits: of a number of a bag's table, 2 to 8; None for those it was trained in.

    Returns:
        The parts, and the student with the numbers that the forms hold: the same one, unless
        its table had to be rounded.

    Raises:
        InputError: only the table of a bag can be had in other bits.
    """
    if student.kind == "pairs" and bits is None:
        return _pairs_parts(student), student
    if student.kind != "bag":
        if bits is not None:
            raise InputError(
                f"item '{student.item_id}': a {student.kind} has no table of n-grams, so there is "
                "no choice of bits for it; its int8 forms have 8"
            )
        return _token_parts(student, names), student
    held = student.options.bits
    wanted = min(held, _MOST_BITS) if bits is None else bits
    if wanted != held:
        student = in_bits(student, wanted)
    return _bag_parts(student, names, wanted), student


def _bag_parts(student: Student, names: Sequence[str], bits: int) -> ItemParts:
    vocabulary = student.text.vocabulary
    weights = quantize(bag_arrays(student.network), bits)
    vectorizer = vocabulary.to_bytes()
    return _parts(
        student,
        text={
            "rules": TEXT_RULES,
            "gram": vocabulary.gram,
            "sizes": vocabulary.sizes,
            "dimensions": weights.dimensions,
        },
        vectorizer=("vocabulary.bin", vectorizer),
        forms=forms.bag_forms(weights, student.item_id, _sha256(vectorizer), names),
    )


def _only_plain(student: Student, asked: Sequence[str]) -> tuple[str, ...]:
    if not {*asked} <= {FORM, "all"}:
        raise InputError(
            f"item '{student.item_id}': a {student.kind} student has the form {FORM} alone"
        )
    return (FORM,)


def _pairs_parts(student: Student) -> ItemParts:
    vocabulary, network = student.text.vocabulary, student.network
    weights = quantize(bag_arrays(network), student.options.bits)
    related = network.related.detach().numpy().astype("<f4").tobytes()
    return _parts(
        student,
        text={
            "rules": TEXT_RULES,
            "relation": RELATION_RULES,
            "gram": vocabulary.gram,
            "sizes": vocabulary.sizes,
            "dimensions": weights.dimensions,
        },
        vectorizer=("question.bin", relation_bytes(student.text.relations[student.item_id])),
        forms={FORM: ("pairs.int8", vocabulary.to_bytes() + related + weights.to_bytes())},
    )


def _token_parts(student: Student, names: Sequence[str]) -> ItemParts:
    network, tokenizer = student.network, student.text.tokenizer
    vectorizer = tokenizer.to_str().encode("utf-8")
    if student.kind == "rnn":
        state = {name: part.numpy() for name, part in network.state_dict().items()}
        made = forms.rnn_forms(state, student.item_id, _sha256(vectorizer), names)
    else:
        made = forms.transformer_forms(network, student.item_id, _sha256(vectorizer), names)
    return _parts(
        student,
        text={"tokens": tokenizer.get_vocab_size()},
        vectorizer=("tokenizer.json", vectorizer),
        forms=made,
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
        flags=student.flags,
        **more,
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def bag_arrays(network: torch.nn.Module) -> BagArrays:
    """A bag's trained numbers as arrays."""
    state = {name: part.numpy() for name, part in network.state_dict().items()}
    return BagArrays(state["table"], state["bias"], state["head.weight"], state["head.bias"])
