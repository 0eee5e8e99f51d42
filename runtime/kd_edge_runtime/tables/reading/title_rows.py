"""Rows above the column names: a title, the class, the date of an export."""

from __future__ import annotations

import _csv as csv
from itertools import chain

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.tables.roles import known_names

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 10  # rows that may stand above the names
_FEWEST_NAMES = 2  # usual names, by which a row is known to be the header


def header_below(
    first: list[str], records: Iterator[list[str]]
) -> tuple[list[str], Iterator[list[str]], int]:
    """Finds the header below a first row without a usual name: a row that has several.

    Returns:
        The header, the rows below it, and how many rows are above it.
    """
    ahead: list[list[str]] = []
    try:
        for above, fields in enumerate(records, 1):
            ahead.append(fields)
            if known_names(fields) >= _FEWEST_NAMES:
                return fields, records, above
            if above == _MOST:
                break
    except (csv.Error, UnicodeDecodeError) as error:
        return first, chain(ahead, _raised(error), records), 0
    return first, chain(ahead, records), 0


def _raised(error: Exception) -> Iterator[list[str]]:
    raise error
    yield []
