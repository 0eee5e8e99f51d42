"""What the readers of formats other than text share: which sheet, where its table begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kd_edge_runtime.errors import InputError, Problem, TableError
from kd_edge_runtime.suggestions import did_you_mean
from kd_edge_runtime.tables.reading.rows import table_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kd_edge_runtime.tables.reading.rows import Table

# As long as a sheet can be.
MOST_ROWS = 1 << 20

# Blank rows above a table, or in a sheet that counts as empty.
_MOST_BLANK = 10_000


def wanted_sheet(name: str | None, names: Sequence[str], path: Path) -> str | None:
    """The sheet that the user names, as the file spells it; None where none is named.

    Raises:
        InputError: there is no such sheet.
    """
    if name is None:
        return None
    for there in names:
        if there.strip().casefold() == name.strip().casefold():
            return there
    listed = ", ".join(f"'{there}'" for there in names[:20])
    raise InputError(
        f"{path}: there is no sheet '{name}' (--sheet){did_you_mean(name, names)} "
        f"(there are {listed})"
    )


def sheet_table(rows: Iterator[list[str]], source: str, has_header: bool) -> Table | None:
    """The table that a sheet's rows are; None where they are blank.

    Args:
        rows: from the sheet's first on, blank cells at their ends left out.
        source: the table's name for messages.
        has_header: whether the first row that is not blank holds the columns' names.
    """
    for number, row in enumerate(rows, 1):
        if any(map(str.strip, row)):
            width = len(row)
            padded = ([*fields, *[""] * (width - len(fields))] for fields in rows)
            return table_below(row, padded, source, number, has_header, quoted=False)
        if number >= _MOST_BLANK:
            break
    return None


def without_blanks(cells: list[str]) -> list[str]:
    """A row without the blank cells at its end."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


def empty(path: Path, sheet: str | None) -> TableError:
    """What is said where there is no table."""
    where = f"sheet '{sheet}' is empty" if sheet else "all sheets are empty"
    return TableError(str(path), [Problem(f"{where}: a table needs a row of column names")])


def sheet_note(name: str, others: Sequence[str]) -> str:
    """Which sheet was read, where there are others."""
    listed = ", ".join(f"'{other}'" for other in others[:5])
    return f"sheet '{name}' (--sheet names another: {listed})"


def needs(path: Path, *packages: str, doing: str = "reading") -> InputError:
    """What is said where a format's packages are not installed."""
    from kd_edge_runtime.backends import pip_install

    command = pip_install(packages)
    return InputError(
        f"{path}: {doing} {path.suffix} needs {' and '.join(packages)}: install with "
        + (f"'{command}'" if command.startswith("pip") else command)
        + (", or save the table as 'CSV UTF-8'" if doing == "reading" else ", or write a .csv")
    )
