"""What came of each device, and what is shown and written of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kd_edge.console.tables import TerminalTable

INSTALLED = "installed"
ALREADY_THERE = "already there"
FAILED = "failed"

_HEADER = ("device", "outcome", "bytes written", "seconds", "target, or why it failed")


@dataclass(frozen=True)
class Outcome:
    """What came of one device.

    Attributes:
        name: the device.
        target: where its bundle goes.
        outcome: `INSTALLED`, `ALREADY_THERE` or `FAILED`.
        reason: why it failed; "" where it did not.
        bytes: how many were written there.
        seconds: how long it took.
        sha256: of the bundle that was read back from it; "" where it failed.
    """

    name: str
    target: str
    outcome: str
    reason: str
    bytes: int
    seconds: float
    sha256: str


def outcome_table(outcomes: Sequence[Outcome]) -> TerminalTable:
    """A table with one row for each device."""
    rows = [
        (
            outcome.name,
            outcome.outcome,
            f"{outcome.bytes:,}",
            f"{outcome.seconds:.1f}",
            outcome.reason or (outcome.target if outcome.target != outcome.name else ""),
        )
        for outcome in outcomes
    ]
    return TerminalTable("", _HEADER, rows)


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many came out how, in one line."""
    counts = [
        (sum(one.outcome == outcome for one in outcomes), outcome)
        for outcome in (INSTALLED, ALREADY_THERE, FAILED)
    ]
    return ", ".join(f"{count} {outcome}" for count, outcome in counts if count)
