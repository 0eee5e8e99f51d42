"""Progress on stderr: a bar with the time left on a terminal, a line now and then elsewhere.

Standard output stays free for results. rich is imported only where a bar is drawn, so that
importing this module costs nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PLAIN_EVERY_S = 10.0
"""Least time between two lines where stderr is not a terminal, in seconds."""

_ENOUGH = 0.02
"""The share that is done before the time left is told: the first batches are slow."""

# rich draws one live display at a time; a nested track becomes a second line of the outer one.
_bars: list[Progress] = []


class Tracker:
    """What `track` hands out: tells how far a piece of work has come."""

    def advance(self, n: int = 1) -> None:
        """Say that `n` more units are done.

        Args:
            n: units done since the last call, >= 0.
        """
        raise NotImplementedError

    def note(self, text: str) -> None:
        """Show a few words beside the bar until the next note, e.g. "loss 0.41 QWK 0.78".

        Args:
            text: one short line; never a response.
        """
        raise NotImplementedError


class PlainTracker(Tracker):
    """Lines of text, at most one every `PLAIN_EVERY_S` seconds, and one at the end.

    They tell the time left as soon as enough is done to know it.

    Args:
        description: what is being done.
        total: units in all.
        done: units that were done before (a resumed run); they don't count towards the speed.
        stream: where the lines go.
    """

    def __init__(self, description: str, total: int, done: int, stream: TextIO) -> None:
        self._description = description
        self._total = total
        self._done = self._before = done
        self._stream = stream
        self._note = ""
        self._started = self._shown = time.monotonic()

    def advance(self, n: int = 1) -> None:
        """See `Tracker.advance`."""
        self._done += n
        now = time.monotonic()
        if self._done < self._total and now - self._shown >= PLAIN_EVERY_S:
            self._shown = now
            here, left = self._done - self._before, self._total - self._done
            known = _is_enough(here, left)
            self._line(f"{span((now - self._started) / here * left)} left" if known else "")

    def note(self, text: str) -> None:
        """See `Tracker.note`."""
        self._note = text

    def end(self, word: str) -> None:
        """Write the last line.

        Args:
            word: how it ended, e.g. "took" or "stopped after".
        """
        self._line(f"{word} {span(time.monotonic() - self._started)}")

    def _line(self, last: str) -> None:
        parts = [f"{self._done}/{self._total}", self._note, last]
        text = ", ".join(part for part in parts if part)
        self._stream.write(f"{self._description}: {text}\n")
        self._stream.flush()


class BarTracker(Tracker):
    """One line of a live display.

    Args:
        bars: the display.
        task: the line's id in it.
    """

    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def advance(self, n: int = 1) -> None:
        """See `Tracker.advance`."""
        self._bars.advance(self._task, n)

    def note(self, text: str) -> None:
        """See `Tracker.note`."""
        self._bars.update(self._task, note=text)


@contextmanager
def track(description: str, total: int, done: int = 0) -> Iterator[Tracker]:
    """Show the progress of the work in the `with` block on stderr.

    Args:
        description: what is being done, e.g. "fine-tuning the teacher".
        total: units in all, >= 0.
        done: units that an earlier, interrupted run has done.

    Yields:
        The tracker to tell of each unit done.
    """
    show = _bar if sys.stderr.isatty() else _plain
    with show(description, total, done) as tracker:
        yield tracker


def say(text: str) -> None:
    """Write one line to stderr, above a bar where one is drawn.

    Args:
        text: the line, without a line break; never a response.
    """
    if _bars:
        _bars[-1].console.print(text, markup=False, highlight=False)
    else:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def span(seconds: float) -> str:
    """A time span in words, e.g. "35 s", "4 min", "1.5 h".

    Args:
        seconds: the span, >= 0.
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


@contextmanager
def _plain(description: str, total: int, done: int) -> Iterator[Tracker]:
    tracker = PlainTracker(description, total, done, sys.stderr)
    try:
        yield tracker
    except BaseException:
        tracker.end("stopped after")
        raise
    tracker.end("took")


@contextmanager
def _bar(description: str, total: int, done: int) -> Iterator[Tracker]:
    if _bars:
        bars = _bars[-1]
        task = bars.add_task(description, total=total, completed=done, before=done, note="")
        try:
            yield BarTracker(bars, task)
        finally:
            bars.remove_task(task)
        return
    with _display() as bars:
        _bars.append(bars)
        try:
            task = bars.add_task(description, total=total, completed=done, before=done, note="")
            yield BarTracker(bars, task)
        finally:
            _bars.pop()


def _is_enough(here: float, left: float) -> bool:
    """Whether the speed is known, after so many units since the start and before so many more."""
    return here > 0 and here >= _ENOUGH * (here + left)


def _display() -> Progress:
    from rich import progress
    from rich.console import Console
    from rich.text import Text

    class TimeLeft(progress.TimeRemainingColumn):
        def render(self, task: progress.Task) -> Text:
            if _is_enough(task.completed - task.fields["before"], task.remaining or 0):
                return super().render(task)
            return Text("-:--:--", style="progress.remaining")

    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        TimeLeft(),
        progress.TextColumn("{task.fields[note]}", markup=False),
        console=Console(stderr=True),
    )
