"""Progress on standard error: bars with the time left on a terminal, a line now and then elsewhere.

Standard output stays free for results. rich is imported only where bars are drawn, so that
importing this module costs nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kd_edge_runtime.errors import note, shown

if TYPE_CHECKING:
    from rich.live import Live

FIRST_LINE_S = 2.0
"""Seconds until the first line where standard error is no terminal (a file, a notebook)."""

NEXT_LINE_S = 10.0
"""Least seconds between two lines there."""

_KNOWN_FROM = 0.02
"""The share that is done before a time left is shown: the first batches are slow."""

# A terminal has one display at a time: nested work adds a bar to that of the outer work.
_shown: list[Tracker] = []
_displays: list[Live] = []


class Tracker:
    """How far a piece of work has come; `track` yields it.

    Args:
        description: what is being done.
        total: units in all, >= 0.
        done: units that an earlier, interrupted run has done; they don't count towards the speed.

    Attributes:
        done: units done so far.
        words: what is shown beside the bar; "" for nothing.
        description: see Args.
        total: see Args.
    """

    def __init__(self, description: str, total: int, done: int = 0) -> None:
        self.description, self.total, self.done, self.words = description, total, done, ""
        self._done_before, self._started = done, time.monotonic()
        self._advanced = self._started

    def advance(self, n: int = 1) -> None:
        """Counts `n` more units as done, n >= 0."""
        self.done += n
        self._advanced = time.monotonic()

    def note(self, text: str) -> None:
        """Shows a short line beside the bar until the next note, never a response."""
        self.words = text

    @property
    def count(self) -> str:
        """Units done of all units, e.g. "120/1600"."""
        return f"{self.done}/{self.total}"

    def elapsed(self) -> str:
        """The time since the start, in words."""
        return span(time.monotonic() - self._started)

    def time_left(self) -> str:
        """The time left, e.g. "4 min left"; "" while the speed is unknown, and at the end."""
        done, left = self.done - self._done_before, self.total - self.done
        if left <= 0 or not done or done < _KNOWN_FROM * (done + left):
            return ""
        expected = (self._advanced - self._started) / done * left
        return f"{span(max(0.0, expected - (time.monotonic() - self._advanced)))} left"


class _LineTracker(Tracker):
    """Writes a line now and then, and one at the end."""

    _next_line = FIRST_LINE_S  # seconds after the start

    def advance(self, n: int = 1) -> None:
        """See `Tracker.advance`."""
        super().advance(n)
        elapsed = self._advanced - self._started
        if self.done < self.total and elapsed >= self._next_line:
            self._next_line = elapsed + NEXT_LINE_S
            self.write(self.time_left())

    def write(self, time_words: str) -> None:
        """Writes a line that ends with a time."""
        say(f"{self.description}: {', '.join(filter(None, (self.count, self.words, time_words)))}")


def only_ends() -> None:
    """From now on, write a line for a piece of work when it ends: where lines are shown later."""
    _LineTracker._next_line = float("inf")


@contextmanager
def track(description: str, total: int, done: int = 0) -> Iterator[Tracker]:
    """Shows the progress of the work in the `with` block on standard error.

    Args:
        description: what is being done, e.g. "fine-tuning the teacher".
        total: units in all, >= 0.
        done: units that an earlier, interrupted run has done.

    Yields:
        The tracker to call for each unit done.
    """
    if sys.stderr.isatty():
        with _bar(Tracker(description, total, done)) as tracker:
            yield tracker
        return
    lines = _LineTracker(description, total, done)
    try:
        yield lines
    except BaseException:
        lines.write(f"stopped after {lines.elapsed()}")
        raise
    lines.write(f"took {lines.elapsed()}")


def say(text: str) -> None:
    """Writes a line, never a response, to standard error, above the bars where there are any."""
    if _displays:
        _displays[-1].console.print(shown(text), markup=False, highlight=False)
    else:
        note(text)


def span(seconds: float) -> str:
    """A time span, >= 0, in words, e.g. "35 s", "4 min", "1.5 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


@contextmanager
def _bar(tracker: Tracker) -> Iterator[Tracker]:
    from kd_edge.console.bars import display

    _shown.append(tracker)
    try:
        if _displays:
            _displays[-1].refresh()
            yield tracker
            return
        with display(_shown) as live:
            _displays.append(live)
            try:
                yield tracker
            finally:
                _displays.pop()
    finally:
        _shown.remove(tracker)
