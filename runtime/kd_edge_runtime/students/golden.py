"""Golden rows: inputs with the probabilities that a bundle's students must reproduce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from kd_edge_runtime.bundle.manifest import ItemEntry, read_json
from kd_edge_runtime.errors import BundleError, KdEdgeError, ParityError
from kd_edge_runtime.students.item import LoadedItem

# Far more than are written; each is scored in every form.
MAX_ROWS = 2000


@dataclass(frozen=True)
class Golden:
    """The golden rows of one item.

    Attributes:
        tolerance: the largest difference in a probability that is allowed for rounding.
        inputs: M texts.
        outputs: the probabilities of each form, [M, K].
        tolerances: what is allowed for a form that has a tolerance of its own.
    """

    tolerance: float
    inputs: tuple[str, ...]
    outputs: dict[str, list[list[float]]]
    tolerances: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Reproduced:
    """How closely one backend reproduces the golden rows of one form.

    Attributes:
        item_id: the item.
        backend: the backend.
        form: the form of the network.
        greatest: the largest difference in a probability, at most 1.
        tolerance: the largest difference allowed.
        rows: the number of golden rows.
        differing: the rows that differ by more, numbered from 1.
        error: what is wrong; None if the golden rows are reproduced.
    """

    item_id: str
    backend: str
    form: str
    greatest: float = 1.0
    tolerance: float = 0.0
    rows: int = 0
    differing: tuple[int, ...] = ()
    error: KdEdgeError | None = None

    @property
    def summary(self) -> str:
        """How many golden rows differ by more than allowed, and by how much."""
        return (
            f"{len(self.differing)} of {self.rows} golden rows differ by up to "
            f"{self.greatest:.1e}, {self.tolerance:.0e} is allowed"
        )


def read(item: LoadedItem) -> Golden:
    """The golden rows of an item.

    Raises:
        BundleError: they are damaged, or not as FORMAT.md specifies.
    """
    name = item.entry.golden
    try:
        raw = read_json(item.bundle.read(name).decode("utf-8"))
        valid = _is_valid(raw, len(item.entry.classes))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        valid = False
    if not valid:
        raise BundleError(f"'{name}' does not contain valid golden rows")
    tolerances = raw.get("tolerances", {})
    return Golden(raw["tolerance"], tuple(raw["inputs"]), raw["outputs"], tolerances)


def _is_valid(raw: Any, classes: int) -> bool:
    texts = raw["inputs"]
    return (
        0 < raw["tolerance"] < 1
        and all(0 < allowed < 1 for allowed in raw.get("tolerances", {}).values())
        and isinstance(texts, list)
        and all(isinstance(text, str) for text in texts)
        and 0 < len(texts) <= MAX_ROWS
        and all(
            [len(row) for row in rows] == [classes] * len(texts)
            and all(
                type(value) in (int, float) and 0 <= value <= 1 for row in rows for value in row
            )
            for rows in raw["outputs"].values()
        )
    )


def compare(
    entry: ItemEntry, backend: str, form: str, golden: Golden, outputs: Sequence[Sequence[float]]
) -> Reproduced:
    """Compares a backend's probabilities for the golden inputs, [M, K], with the golden rows.

    Raises:
        BundleError: the bundle has no golden rows for the form.
    """
    expected = golden.outputs.get(form)
    if expected is None:
        raise BundleError(f"'{entry.golden}' has no golden rows for the form '{form}'")
    differences = [_difference(*rows) for rows in zip_longest(outputs, expected, fillvalue=())]
    allowed = golden.tolerances.get(form, golden.tolerance)
    differing = tuple(row for row, difference in enumerate(differences, 1) if difference > allowed)
    greatest, rows = max(differences), len(differences)
    result = Reproduced(entry.item_id, backend, form, greatest, allowed, rows, differing)
    if not differing:
        return result
    error = ParityError(
        f"item '{entry.item_id}', {form} on {backend}: {result.summary}: "
        f"{', '.join(map(str, differing[:20]))}{', ...' if differing[20:] else ''}"
    )
    return replace(result, error=error)


def _difference(output: Sequence[float], expected: Sequence[float]) -> float:
    """The largest difference in a probability; 1, the maximum, if the rows cannot be compared."""
    differences = [abs(value - other) for value, other in zip(output, expected)]
    # NaN fails this comparison too; `max` alone might ignore it.
    comparable = len(output) == len(expected) and all(one <= 1 for one in differences)
    return max(differences) if comparable else 1.0
