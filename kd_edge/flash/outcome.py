"""What came of each device, and what is shown and written of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

INSTALLED = "installed"
ALREADY_THERE = "already there"
FAILED = "failed"


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


def table(outcomes: Sequence[Outcome]) -> Table:
    """One row for each device."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None)
    made.add_column("device", overflow="fold")
    made.add_column("outcome")
    for heading in ("bytes written", "seconds"):
        made.add_column(heading, justify="right")
    made.add_column("target, or why it failed", overflow="fold")
    for one in outcomes:
        last = one.reason or (one.target if one.target != one.name else "")
        cells = (one.name, one.outcome, f"{one.bytes:,}", f"{one.seconds:.1f}", last)
        # Text: a name or an error may hold what rich takes for markup.
        made.add_row(*map(Text, cells))
    return made


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many came out how, in one line."""
    counts = [
        (sum(one.outcome == outcome for one in outcomes), outcome)
        for outcome in (INSTALLED, ALREADY_THERE, FAILED)
    ]
    return ", ".join(f"{count} {outcome}" for count, outcome in counts if count)
