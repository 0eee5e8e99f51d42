"""Progress bars of a terminal, drawn by rich: one line for each piece of work in progress."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

if TYPE_CHECKING:
    from kd_edge.console.progress import Tracker

_LEAST_BAR, _MOST_BAR, _LEAST_NOTE = 10, 40, 10  # columns


def display(trackers: list[Tracker]) -> Live:
    """A display of the work in progress: what the list holds at any moment."""
    console = Console(stderr=True)
    return Live(
        console=console,
        get_renderable=lambda: bars(list(trackers), console.width),
        redirect_stdout=False,
    )


def bars(trackers: Sequence[Tracker], width: int) -> Table:
    """A line for each piece of work, `width` columns wide at most.

    Count and time left are never cut. The rest of the width goes first to the description, then
    to a short bar, to the note, and to a longer bar.
    """
    counts, times = [one.count for one in trackers], [_time(one) for one in trackers]
    names, notes = [one.description for one in trackers], [one.words for one in trackers]
    room = width - _widest(counts) - _widest(times) - 2
    name = min(_widest(names), max(1, room))
    room -= name
    bar = _LEAST_BAR if room > _LEAST_BAR else 0
    room -= bar + bool(bar)
    note = min(_widest(notes), room - 1) if bar and room > _LEAST_NOTE else 0
    bar += min(_MOST_BAR - bar, room - note - bool(note)) if bar else 0
    widths = (name, bar, _widest(counts), _widest(times), note)
    cells = (
        map(Text, names),
        (ProgressBar(one.total, one.done, width=bar) for one in trackers),
        map(Text, counts),
        (Text(one, "progress.remaining") for one in times),
        map(Text, notes),
    )
    columns = [
        (Column(width=width, no_wrap=True, overflow="ellipsis"), column)
        for width, column in zip(widths, cells, strict=True)
        if width
    ]
    table = Table.grid(*(header for header, _ in columns), padding=(0, 1))
    for row in zip(*(column for _, column in columns), strict=True):
        table.add_row(*row)
    return table


def _widest(texts: list[str]) -> int:
    return max(map(cell_len, texts), default=0)


def _time(tracker: Tracker) -> str:
    done = tracker.done >= tracker.total
    return f"took {tracker.elapsed()}" if done else tracker.time_left()
