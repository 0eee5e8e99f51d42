"""Runs every form of a student as a device would, and compares it with PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kd_edge_export.bundle import ItemParts
from kd_edge_runtime import backends
from kd_edge_runtime.backends.choose import CORE
from kd_edge_runtime.backends.shared import next_round
from kd_edge_runtime.students.item import LoadedItem

Probabilities = npt.NDArray[np.floating]
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Difference:
    """How much one form differs from PyTorch over N responses.

    Attributes:
        responses: N.
        greatest: largest difference in a probability.
        mean: mean difference in a probability.
        worst: index of the response with the largest difference.
        unequal: indices of the responses that get another class.
    """

    responses: int
    greatest: float
    mean: float
    worst: int
    unequal: tuple[int, ...]

    @property
    def equal(self) -> float:
        """Share of the responses that get the same class, 0 to 1."""
        return 1 - len(self.unequal) / self.responses


def difference(
    actual: Probabilities,
    expected: Probabilities,
    actual_classes: Classes,
    expected_classes: Classes,
) -> Difference:
    """Compares one form with PyTorch.

    Args:
        actual: the form's probabilities; [N, K], N > 0.
        expected: PyTorch's; [N, K].
        actual_classes: the classes that follow from the form's probabilities; [N].
        expected_classes: those that follow from PyTorch's; [N].
    """
    differences = np.abs(actual - expected)
    # NaN counts as an infinite difference.
    differences = np.where(np.isnan(differences), np.inf, differences)
    return Difference(
        responses=len(actual),
        greatest=float(differences.max()),
        mean=float(differences.mean()),
        worst=int(differences.max(1).argmax()),
        unequal=tuple(np.flatnonzero(actual_classes != expected_classes).tolist()),
    )


def form_outputs(
    parts: ItemParts, texts: Sequence[str], memory: Memory | None = None
) -> dict[str, Probabilities]:
    """Each form's probabilities of N responses, by the runtime's own backends; [N, K] by form.

    Args:
        parts: the student.
        texts: the responses.
        memory: what students that share networks have in common, for whoever asks for several.
    """
    models = form_models(parts, memory)
    return {form: np.array(model.probabilities(texts)) for form, model in models.items()}


def form_models(parts: ItemParts, memory: Memory | None = None) -> dict[str, backends.Model]:
    """Each form as a device loads it; see `form_outputs`."""
    item = (memory or Memory()).item(parts)
    return {form: _load(item, form) for form in parts.forms}


def _load(item: LoadedItem, form: str) -> backends.Model:
    # The core scores the same bits as plain Python, which is the reference and always there.
    names = [name for name in backends.NAMES if name != CORE]
    name = next(name for name in names if form in backends.forms(item.entry, name))
    return backends.load(item, name, form)


class Memory:
    """The members of a bundle that is not written yet, of the last two items at a time.

    Equal ones have one name, so that what items share is loaded once.
    """

    def __init__(self) -> None:
        self._now: dict[str, bytes] = {}
        self._before: dict[str, bytes] = {}
        self._number = 0

    def item(self, parts: ItemParts) -> LoadedItem:
        """A student as a device reads it."""
        forms = {form: self._name(data) for form, (_, data) in parts.forms.items()}
        entry = parts.entry(forms, self._name(parts.vectorizer[1]), golden="")
        return LoadedItem(self, entry)

    def read(self, name: str) -> bytes:
        """See `Members`."""
        return self._now[name] if name in self._now else self._before[name]

    def next_item(self) -> None:
        """Forgets what none of the students since the last call has in common with the next."""
        self._now, self._before = {}, self._now
        next_round(self)

    def _name(self, data: bytes) -> str:
        for name, held in (*self._now.items(), *self._before.items()):
            if held == data:
                self._now[name] = held
                return name
        self._number += 1
        self._now[str(self._number)] = data
        return str(self._number)
