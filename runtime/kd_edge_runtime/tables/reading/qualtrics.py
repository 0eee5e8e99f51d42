"""The header of three rows that Qualtrics writes: names, titles and its own ids."""

from __future__ import annotations

import _csv as csv
from itertools import chain, islice

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# How the cells of the third row begin.
_IMPORT_ID = '{"ImportId":'


def below_qualtrics(records: Iterator[list[str]]) -> tuple[Iterator[list[str]], int]:
    """The rows below the header, and how many extra header rows, as in Qualtrics, were skipped."""
    ahead: list[list[str]] = []
    try:
        ahead += islice(records, 2)
    except (csv.Error, UnicodeDecodeError) as error:
        return chain(ahead, _raised(error), records), 0
    third = [cell for cell in ahead[-1] if cell.strip()] if len(ahead) == 2 else []
    if third and all(cell.lstrip().startswith(_IMPORT_ID) for cell in third):
        return records, 2
    return chain(ahead, records), 0


def _raised(error: Exception) -> Iterator[list[str]]:
    raise error
    yield []
