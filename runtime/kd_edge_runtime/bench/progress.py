"""Shows on standard error which contender is being measured and the estimated time left."""

from __future__ import annotations

import sys
from time import monotonic

from kd_edge_runtime.errors import note

# Seconds between two lines; on a terminal, between two updates of the same line.
_EVERY, _EVERY_THERE = 10.0, 0.5


class Progress:
    """Shows the progress of a bench.

    Args:
        number: the number of contenders.
        guess: the estimated seconds per contender, until one has been measured.
    """

    def __init__(self, number: int, guess: float) -> None:
        self._number = number
        self._guess = guess
        self._begun = monotonic()
        self._at = 0
        self._name = ""
        self._shown = 0.0
        self._there = bool(sys.stderr and sys.stderr.isatty())

    def next(self, name: str, left: float | None = None) -> None:
        """Begins the next contender; `left` is the remaining seconds, if known."""
        done, self._at, self._name = self._at, self._at + 1, name
        each = (monotonic() - self._begun) / done if done else self._guess
        self._show(each * (self._number - done) if left is None else left)

    def left(self, seconds: float) -> None:
        """Shows how many seconds the current step of this contender still takes."""
        if monotonic() - self._shown >= (_EVERY_THERE if self._there else _EVERY):
            self._show(seconds)

    def end(self) -> None:
        """Clears the line."""
        if self._there:
            sys.stderr.write("\r\x1b[K")

    def _show(self, seconds: float) -> None:
        self._shown = monotonic()
        count = f" ({self._at} of {self._number})" if self._at <= self._number else ""
        line = f"{self._name}{count}: about {seconds:.0f} s left"
        if self._there:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
        else:
            note(line)
