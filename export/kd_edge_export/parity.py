"""Runs every form of a student as a device would, and holds it against PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from kd_edge_export.bundle import ItemParts
from kd_edge_runtime import bag
from kd_edge_runtime.backends import Model, plain, with_onnx
from kd_edge_runtime.bundle import Bundle
from kd_edge_runtime.loaded import LoadedItem

Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Parity:
    """How near one form comes to PyTorch over N responses.

    Attributes:
        form: the form.
        greatest: greatest difference of a probability.
        mean: mean difference of a probability.
        equal: share of responses with the same most probable class, 0 to 1.
    """

    form: str
    greatest: float
    mean: float
    equal: float


def compare(form: str, found: Probabilities, expected: Probabilities) -> Parity:
    """Holds one form's probabilities against the expected ones, each [N, K], N > 0."""
    difference = np.abs(found - expected)
    return Parity(
        form=form,
        greatest=float(difference.max()),
        mean=float(difference.mean()),
        equal=float(np.mean(found.argmax(1) == expected.argmax(1))),
    )


def form_outputs(parts: ItemParts, texts: Sequence[str]) -> dict[str, Probabilities]:
    """What each form makes of N responses, run by the runtime's own backends; [N, K] by form."""
    item = _in_memory(parts)
    return {form: np.array(_load(item, form).probabilities(texts)) for form in parts.forms}


def _load(item: LoadedItem, form: str) -> Model:
    return plain.load(item) if form == bag.FORM else with_onnx.load(item, form)


class _Memory:
    """The members of a bundle that is not written yet."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self._members = members

    def read(self, name: str) -> bytes:
        return self._members[name]


def _in_memory(parts: ItemParts) -> LoadedItem:
    members = dict([parts.vectorizer, *parts.forms.values()])
    names = {form: name for form, (name, _) in parts.forms.items()}
    entry = parts.entry(names, parts.vectorizer[0], golden="")
    return LoadedItem(cast(Bundle, _Memory(members)), entry)
