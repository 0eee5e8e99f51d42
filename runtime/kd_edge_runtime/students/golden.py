"""Golden rows: what a bundle says that its students make of known inputs, and whether they do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.errors import BundleError, KdEdgeError, ParityError
from kd_edge_runtime.students.item import LoadedItem


@dataclass(frozen=True)
class Golden:
    """The golden rows of one item.

    Attributes:
        tolerance: the greatest difference of a probability that arithmetic may make.
        inputs: M texts.
        outputs: for each form its probabilities [M, K].
    """

    tolerance: float
    inputs: tuple[str, ...]
    outputs: dict[str, list[list[float]]]


@dataclass(frozen=True)
class Reproduced:
    """How closely one backend reproduces the golden rows of one form.

    Attributes:
        item_id: the item.
        backend: the backend.
        form: the form of the network.
        greatest: greatest difference of a probability, at most 1.
        tolerance: the greatest that is allowed.
        rows: how many golden rows there are.
        wrong: those that differ by more, counted from 1.
        error: what is wrong; None if the golden rows are reproduced.
    """

    item_id: str
    backend: str
    form: str
    greatest: float = 1.0
    tolerance: float = 0.0
    rows: int = 0
    wrong: tuple[int, ...] = ()
    error: KdEdgeError | None = None

    @property
    def summary(self) -> str:
        """How many golden rows differ by more than is allowed, and by how much."""
        return (
            f"{len(self.wrong)} of {self.rows} golden rows differ by up to {self.greatest:.1e}, "
            f"{self.tolerance:.0e} is allowed"
        )


def read(item: LoadedItem) -> Golden:
    """The golden rows of an item.

    Raises:
        BundleError: they are damaged, or not as FORMAT.md has them.
    """
    name = item.entry.golden
    try:
        raw = json.loads(item.bundle.read(name).decode("utf-8"))
        good = _good(raw, len(item.entry.classes))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        good = False
    if not good:
        raise BundleError(f"'{name}' does not hold golden rows")
    return Golden(raw["tolerance"], tuple(raw["inputs"]), raw["outputs"])


def _good(raw: Any, classes: int) -> bool:
    texts = raw["inputs"]
    return (
        0 < raw["tolerance"] < 1
        and isinstance(texts, list)
        and all(isinstance(text, str) for text in texts)
        and bool(texts)
        and all(
            [len(row) for row in rows] == [classes] * len(texts)
            and all(
                type(share) in (int, float) and 0 <= share <= 1 for row in rows for share in row
            )
            for rows in raw["outputs"].values()
        )
    )


def compare(
    entry: ItemEntry, backend: str, form: str, golden: Golden, found: Sequence[Sequence[float]]
) -> Reproduced:
    """Holds what a backend has made of the golden inputs, [M, K], against the golden rows.

    Raises:
        BundleError: the bundle has no golden rows for the form.
    """
    wanted = golden.outputs.get(form)
    if wanted is None:
        raise BundleError(f"'{entry.golden}' has no golden rows for the form '{form}'")
    off = [_difference(*rows) for rows in zip_longest(found, wanted, fillvalue=())]
    wrong = tuple(at for at, one in enumerate(off, 1) if one > golden.tolerance)
    result = Reproduced(entry.item_id, backend, form, max(off), golden.tolerance, len(off), wrong)
    if not wrong:
        return result
    error = ParityError(
        f"item '{entry.item_id}', {form} on {backend}: {result.summary}: "
        f"{', '.join(map(str, wrong[:20]))}{', ...' if wrong[20:] else ''}"
    )
    return replace(result, error=error)


def _difference(found: Sequence[float], wanted: Sequence[float]) -> float:
    """Greatest difference of a probability; 1, the most there can be, for what is none."""
    off = [abs(one - other) for one, other in zip(found, wanted)]
    # What is no number is not at most 1 either, and would get lost in a maximum.
    whole = len(found) == len(wanted) and all(one <= 1 for one in off)
    return max(off) if whole else 1.0
