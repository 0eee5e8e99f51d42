"""Sizes in bytes as people write them (16KB, 1.5 MB, 12000), and the search for one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from kd_edge.size_search.search import Sized, Tried

T = TypeVar("T")

_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1000**2, "mb": 1000**2, "kib": 1024,
          "mib": 1024**2}  # fmt: skip
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) *([a-z]*)", re.ASCII)


class Bytes(click.ParamType):
    """A number of bytes; KB is 1,000 of them and KiB 1,024."""

    name = "BYTES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """See click."""
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(str(value).strip().lower())
        if found is None or found[2] not in _UNITS or float(found[1]) == 0:
            self.fail(f"'{value}' is no size: write it like 16KB", param, ctx)
        return int(float(found[1]) * _UNITS[found[2]])


BYTES = Bytes()


def show_search(search: Callable[[], tuple[T, Sized]], stem: Path, limit: int) -> T:
    """Runs a search, and shows what it tried on standard error, found or not.

    Args:
        search: gives what was made, and what was tried.
        stem: `<stem>.frontier.svg` and `.json` are written.
        limit: the bytes asked for.

    Raises:
        TooSmallError: nothing fits.
    """
    from kd_edge.console.progress import say
    from kd_edge.console.tables import TerminalTable, print_tables
    from kd_edge.size_search.frontier import COLUMNS, cells, write_frontier
    from kd_edge.size_search.search import TooSmallError

    def show(tried: Sequence[Tried], chosen: Tried | None) -> None:
        title = f"Sizes tried for {limit:,} bytes, measured on held-out responses"
        print_tables(TerminalTable(title, COLUMNS, cells(tried, chosen)), stderr=True)
        plot, figures = write_frontier(stem, tried, chosen, limit)
        say(f"The same as a plot and as JSON: {plot} and {figures}")

    try:
        made, sized = search()
    except TooSmallError as error:
        show(error.tried, None)
        raise
    show(sized.tried, sized.chosen)
    return made
