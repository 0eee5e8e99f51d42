"""The result for each device, and its summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kd_edge.console.tables import TerminalTable

INSTALLED = "installed"
ALREADY_THERE = "already there"
FAILED = "failed"

_HEADER = ("device", "outcome", "bytes written", "seconds", "target, or why it failed")


@dataclass(frozen=True)
class FlashOutcome:
    """The result for one device.

    Attributes:
        name: the device's name.
        target: the folder for its bundle.
        outcome: `INSTALLED`, `ALREADY_THERE` or `FAILED`.
        reason: why it failed, "" otherwise.
        bytes: number of bytes written to it.
        seconds: time taken.
        sha256: hash (hex) of the bundle read back from it, "" if it failed.
    """

    name: str
    target: str
    outcome: str
    reason: str
    bytes: int
    seconds: float
    sha256: str


def outcome_table(outcomes: Sequence[FlashOutcome]) -> TerminalTable:
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


def summary(outcomes: Sequence[FlashOutcome]) -> str:
    """The number of devices by outcome, in one line."""
    counts = [
        (sum(one.outcome == outcome for one in outcomes), outcome)
        for outcome in (INSTALLED, ALREADY_THERE, FAILED)
    ]
    return ", ".join(f"{count} {outcome}" for count, outcome in counts if count)
