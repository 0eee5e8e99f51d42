"""Compares a network that many items share with PyTorch, on the responses to all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from kd_edge.bundling.parity import Gate, Sample
from kd_edge_export.parity import Probabilities


@dataclass(frozen=True, eq=False)
class _Compared:
    """What the forms of one item's student gave, and by which gate they are looked at."""

    gate: Gate
    outputs: Mapping[str, Probabilities]


@dataclass(frozen=True)
class SharedParity:
    """What each kind of student that items share gave, for one look at all of them.

    One of the few held-out responses to an item would be more than the share that may differ.
    """

    _by_kind: dict[str, list[_Compared]] = field(default_factory=dict)

    def add(self, kind: str, gate: Gate, outputs: Mapping[str, Probabilities]) -> None:
        """Takes what the forms of an item's student gave.

        Args:
            kind: the kind of student.
            gate: with the item's sample, and what PyTorch gave.
            outputs: each form's probabilities of the sample, [N, K] by form.
        """
        self._by_kind.setdefault(kind, []).append(_Compared(gate, outputs))

    def check(self) -> None:
        """Refuses a form whose scores differ too often; see `Gate.near`.

        Raises:
            ParityError: too few classes are equal, or too much QWK is lost.
        """
        for items in self._by_kind.values():
            answered = [one for one in items if one.gate.sample.texts] or items
            gate = _of_all([one.gate for one in answered])
            for form in answered[0].outputs:
                parts = [_measured(one.gate.sample, one.outputs[form]) for one in answered]
                gate.near(form, np.concatenate(parts))


def _of_all(gates: list[Gate]) -> Gate:
    """One gate for the responses of several; for their golden rows where there are no others."""
    samples = [gate.sample for gate in gates]
    scores = [sample.scores for sample in samples]
    known = [one for one in scores if one is not None]
    sample = Sample(
        () if samples[0].texts else tuple(text for sample in samples for text in sample.golden),
        tuple(text for sample in samples for text in sample.texts),
        tuple(name for sample in samples for name in sample.ids),
        np.concatenate(known) if len(known) == len(scores) else None,
    )
    expected = np.concatenate([_measured(gate.sample, gate.expected) for gate in gates])
    first = gates[0]
    more = f" and {len(gates) - 1} more" if len(gates) > 1 else ""
    return replace(first, item_id=f"{first.item_id}{more}", sample=sample, expected=expected)


def _measured(sample: Sample, probabilities: Probabilities) -> Probabilities:
    """Those of held-out responses; of golden rows where there are no others."""
    return probabilities[len(sample.golden) :] if sample.texts else probabilities
