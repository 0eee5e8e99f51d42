"""How an item's held-out responses were scored, as counts (FORMAT.md, section 18).

Apart from `manifest`, and read only where it is used: scoring needs none of it.
"""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import BundleError, steers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from kd_edge_runtime.bundle.manifest import ItemEntry

LEAST_RESPONSES = 20
"""The fewest responses of which there is a record: of fewer, a comparison says nothing."""

CONFIDENCE_BINS = 10
UNKNOWN_BINS = 20

_BITS_53 = 1 << 53
_STEPS = 10_000  # a table has confidences with four decimals


@dataclass(frozen=True)
class HeldOut:
    """How N held-out responses to an item were scored.

    What fewer students share than a bundle may tell is 0: the counts of a figure may add up to
    less than N.

    Attributes:
        responses: N.
        score: how many have each class; [K].
        confidence: how many have a confidence in each tenth from 0 to 1.
        flag: how many have each flag; "" for none.
        unknown: how many have a share of unknown n-grams (word pieces of a student that reads
            these) in each twentieth from 0 to 1; empty where none are counted.
    """

    responses: int
    score: tuple[int, ...]
    confidence: tuple[int, ...]
    flag: Mapping[str, int]
    unknown: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        found = {
            "responses": self.responses,
            "score": list(self.score),
            "confidence": list(self.confidence),
            "flag": dict(self.flag),
        }
        return {**found, "unknown": list(self.unknown)} if self.unknown else found


def confidence_bin(confidence: float) -> int:
    """The tenth of a confidence, 0 to 1, as a table has it: with four decimals."""
    steps = int(confidence * _STEPS + 0.5)
    return min(steps * CONFIDENCE_BINS // _STEPS, CONFIDENCE_BINS - 1)


def unknown_bin(unknown: int, total: int) -> int:
    """The twentieth of the share of unknown n-grams among all of a response, which may be none."""
    return min(unknown * UNKNOWN_BINS // max(total, 1), UNKNOWN_BINS - 1)


def held_out_of(entry: ItemEntry, both: bool = True) -> HeldOut | None:
    """How an item's held-out responses were scored; None where the bundle does not say.

    Args:
        entry: the item.
        both: whether with both of its students, where it has two; else by the first alone.

    Raises:
        BundleError: what the bundle says is not as it must be.
    """
    where = f"item '{entry.item_id}'"
    first = _read(entry.held_out, len(entry.classes), f"{where}, held_out")
    if entry.second is None or not both:
        return first
    record = _read(entry.second.held_out, len(entry.classes), f"{where}, second, held_out")
    # The first reads every response: what it does not know is the same with both.
    return record and HeldOut(**{**vars(record), "unknown": first.unknown if first else ()})


def check_held_out(entry: ItemEntry) -> None:
    """Refuses an item whose record is not as it must be."""
    held_out_of(entry, both=False)
    held_out_of(entry)


def _read(raw: Mapping[str, Any] | None, classes: int, where: str) -> HeldOut | None:
    if not raw:
        return None
    responses = raw.get("responses")
    if type(responses) is not int or not LEAST_RESPONSES <= responses < _BITS_53:
        raise BundleError(
            f"{where}: 'responses' is missing or not a number from {LEAST_RESPONSES} on"
        )
    flags = raw.get("flag")
    if not isinstance(flags, dict) or any(map(steers, "".join(flags))):
        raise BundleError(f"{where}: 'flag' is missing or not an object of numbers")
    _counts([*flags.values()], len(flags), responses, f"{where}: 'flag'")
    unknown = raw.get("unknown", [])
    return HeldOut(
        responses,
        _counts(raw.get("score"), classes, responses, f"{where}: 'score'"),
        _counts(raw.get("confidence"), CONFIDENCE_BINS, responses, f"{where}: 'confidence'"),
        flags,
        _counts(unknown, UNKNOWN_BINS if unknown else 0, responses, f"{where}: 'unknown'"),
    )


def _counts(found: Any, number: int, most: int, what: str) -> tuple[int, ...]:
    good = isinstance(found, list) and len(found) == number
    if not good or not all(type(count) is int and count >= 0 for count in found):
        raise BundleError(f"{what} is missing or not a list of {number} counts")
    if sum(found) > most:
        raise BundleError(f"{what} counts more than the {most} responses that there are")
    return (*found,)
