"""Whether the quotation marks of a table are text, as in most tables of research."""

from __future__ import annotations

import _csv as csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# So many fields in quotation marks for each that only begins with one are a quoted table.
_MANY = 3


def quotes_are_text(lines: Iterable[str], columns: int, delimiter: str = "\t") -> bool:
    """Whether a table has all its rows only where no field is quoted.

    Args:
        lines: of the file, from its start.
        columns: how many fields its header has; with a single one nothing can be told.
        delimiter: what separates the fields.

    Returns:
        True where each line has the header's number of fields, and enclosing fields in quotation
        marks would lose rows or is not how they are used.
    """
    watched = _Lines(lines, columns, delimiter)
    records = csv.reader(iter(watched), delimiter=delimiter, strict=True)
    rows, wrong = 0, False
    while not watched.ragged:
        try:
            fields = next(records)
        except StopIteration:
            break
        except csv.Error:
            wrong = True
            continue
        rows += 1
        wrong = wrong or (rows > 1 and bool(fields) and len(fields) != columns)
    quoted = watched.ragged or watched.enclosed > watched.begun * _MANY
    return not quoted and (wrong or rows < watched.count)


class _Lines:
    """Looks at the lines that a reader takes, up to one that has another number of fields.

    Attributes:
        ragged: whether there is such a line.
        count: how many lines were taken.
        enclosed: how many fields are in quotation marks as a quoted field has to be.
        begun: how many begin with one and are not.
    """

    def __init__(self, lines: Iterable[str], columns: int, delimiter: str) -> None:
        self.ragged = columns == 1
        self.count = self.enclosed = self.begun = 0
        self._lines = lines
        self._columns = columns
        self._delimiter = delimiter

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            fields = line.rstrip("\r\n").split(self._delimiter)
            # Blank lines are no rows, and the first may name the separator.
            if self.count and line.strip() and len(fields) != self._columns:
                self.ragged = True
            if self.ragged:
                return
            self.count += 1
            if '"' in line:
                for field in fields:
                    if field.startswith('"'):
                        whole = len(field) > 1 and field.endswith('"')
                        enclosed = whole and '"' not in field[1:-1].replace('""', "")
                        self.enclosed += enclosed
                        self.begun += not enclosed
            yield line
