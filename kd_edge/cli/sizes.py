"""Sizes in bytes as people write them (16KB, 1.5 MB, 12000), and the search for one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from kd_edge.cli.help import Command, OptionGroup
from kd_edge_runtime.errors import printable

if TYPE_CHECKING:
    from kd_edge.size_search.search import Sized
    from kd_edge.size_search.tried import Limits

T = TypeVar("T")

_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1000**2, "mb": 1000**2, "kib": 1024,
          "mib": 1024**2}  # fmt: skip
_MOST = 1e15  # more is a slip of the keys, and with enough digits no number
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) *([a-z]*)", re.ASCII)


def parse_bytes(text: str) -> int:
    """A number of bytes; KB is 1,000 of them and KiB 1,024.

    Raises:
        click.BadParameter: the text is not a size, or is less than a byte.
    """
    match = _SIZE.fullmatch(text.strip().lower())
    size = float(match[1]) * _UNITS[match[2]] if match and match[2] in _UNITS else 0.0
    if not 1 <= size < _MOST:
        raise click.BadParameter(f"'{printable(text[:40])}' is not a size: write it like 16KB")
    return int(size)


def max_size_option(description: str) -> Callable[[Command], Command]:
    """The option --max-size; `description` is its help."""
    return OptionGroup.BUNDLE.option(
        "--max-size", type=parse_bytes, metavar="BYTES", help=description
    )


def max_ms_option(description: str) -> Callable[[Command], Command]:
    """The option --max-ms; `description` is its help."""
    return OptionGroup.BUNDLE.option(
        "--max-ms", type=click.FloatRange(0, min_open=True), metavar="MS", help=description
    )


def show_search(search: Callable[[], tuple[T, Sized]], stem: Path, limits: Limits) -> T:
    """Runs a search for a size; shows, on standard error, what it tried, and what it chose why.

    Args:
        search: returns the result and the sizes tried.
        stem: `<stem>.frontier.svg` and `<stem>.frontier.json` are written.
        limits: what the bundle may take.

    Returns:
        The result of the search.

    Raises:
        TooSmallError: no size fits; the sizes tried are shown all the same.
    """
    from kd_edge.console.progress import say
    from kd_edge.size_search.shown import shown

    result, sized = shown(search, stem.with_name(f"{stem.name}.frontier.svg"), limits)
    if sized.second:
        share = f"--second-share {sized.chosen.share:g}"
        say(f"'kd-edge export' puts both into a bundle: --second names the second, with {share}.")
    return result
