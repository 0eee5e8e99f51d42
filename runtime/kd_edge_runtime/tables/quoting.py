"""Whether the quotation marks of a table with tabs are text, as in most tables of research."""

from __future__ import annotations

import _csv as csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def quotes_are_text(lines: Iterable[str], columns: int) -> bool:
    """Whether a table has all its rows only where no field is quoted.

    Args:
        lines: of the file, from its start.
        columns: how many fields its header has; with a single one nothing can be told.

    Returns:
        True where each line has the header's number of tabs, and enclosing fields in quotation
        marks would lose rows or is not how they are used.
    """
    ragged = columns == 1
    count = 0

    def counted() -> Iterator[str]:
        nonlocal ragged, count
        for line in lines:
            if ragged:
                return
            # The blank lines of both readings, and the one that names the separator.
            ragged = bool(line.strip()) and line.count("\t") != columns - 1 and count > 0
            count += 1
            yield line

    records = csv.reader(counted(), delimiter="\t", strict=True)
    rows, wrong = 0, False
    while not ragged:
        try:
            fields = next(records)
        except StopIteration:
            break
        except csv.Error:
            wrong = True
            continue
        rows += 1
        wrong = wrong or (rows > 1 and bool(fields) and len(fields) != columns)
    return not ragged and (wrong or rows < count)
