"""A search that shows what it tried, what it chose and why; and the choice, read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from kd_edge.console.progress import say
from kd_edge.console.tables import TerminalTable, print_tables
from kd_edge.files import read_json
from kd_edge.size_search.frontier import COLUMNS, cells, write_frontier
from kd_edge.size_search.reasons import reasons
from kd_edge.size_search.search import Sized
from kd_edge.size_search.tried import Limits, TooSmallError, Tried, Untrained
from kd_edge.students.registry import BOTH

T = TypeVar("T")


@dataclass(frozen=True)
class SizeChoice:
    """The size that was chosen for an item.

    Attributes:
        limit: bytes that its bundle may take; None for any.
        limit_ms: milliseconds that a response may take; None for any.
        chosen: what was chosen, see `Tried`.
        why: why, in sentences.
    """

    limit: int | None
    limit_ms: float | None
    chosen: Mapping[str, Any]
    why: str

    def __str__(self) -> str:
        """The sentences."""
        return self.why

    @property
    def share(self) -> float | None:
        """The largest share of responses that a second student is asked about; None for one."""
        return self.chosen["share"] if self.chosen["student"] == BOTH else None

    def in_bundle_of(self, items: int) -> SizeChoice:
        """The choice for one of several items of a bundle; its sentences say what was limited.

        Args:
            items: how many there are, >= 1.
        """
        if items == 1:
            return self
        note = (
            "The limits are for each item: these bytes are those of a bundle with this item alone, "
            f"and the bundle of all {items} takes more."
        )
        return replace(self, why=f"{self.why} {note}")


def size_choice_of(figures: Mapping[str, Any]) -> SizeChoice:
    """What the JSON of `write_frontier` says was chosen; something must have been."""
    names = ("limit", "limit_ms", "chosen", "why")
    return SizeChoice(**{name: figures[name] for name in names})


def read_size_choice(path: Path) -> SizeChoice:
    """What a file that `write_frontier` wrote says was chosen."""
    return size_choice_of(read_json(path))


def shown(search: Callable[[], tuple[T, Sized]], plot: Path, limits: Limits) -> tuple[T, Sized]:
    """Runs a search for a size; shows, on standard error, what it tried, and what it chose why.

    Args:
        search: returns the result, and what was tried and chosen.
        plot: where the plot is written; the figures go beside it, as JSON.
        limits: what the bundle may take.

    Returns:
        What the search returned.

    Raises:
        TooSmallError: no size fits; the sizes tried are shown all the same.
    """

    def show(
        tried: Sequence[Tried], chosen: Tried | None, untrained: Sequence[Untrained], why: str
    ) -> None:
        title = f"Sizes tried for {limits}, measured on held-out responses"
        rows = cells(tried, chosen, limits, untrained)
        print_tables(TerminalTable(title, COLUMNS, rows), stderr=True)
        figures = write_frontier(plot, tried, chosen, limits, untrained, why)
        say(f"The sizes as a plot and as JSON: {plot} and {figures}")

    try:
        result, sized = search()
    except TooSmallError as error:
        show(error.tried, None, error.untrained, "")
        raise
    why = reasons(sized, limits)
    show(sized.tried, sized.chosen, sized.untrained, why)
    say(why)
    return result, sized
