"""Reads a sheet of an .xlsx workbook, row by row, with cells as the spreadsheet shows them."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast

from kd_edge_runtime.tables.reading.sheets import (
    MOST_ROWS,
    empty,
    needs,
    sheet_note,
    sheet_table,
    wanted_sheet,
    without_blanks,
)
from kd_edge_runtime.tables.reading.zips import plain_errors, plain_rows, spreadsheet

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator
    from pathlib import Path

    from kd_edge_runtime.tables.reading.rows import Table

_SHEETS = "xl/worksheets/"
# A formula that no spreadsheet has computed: a program wrote the file.
_NO_VALUE = re.compile(rb"(?:</f>|<f[^<>]*/>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
_TOO_FAR = re.compile(rb"r\s*=\s*[\"'][A-Za-z]{4}")
_CHUNK = 1 << 20

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_DATE_PART = re.compile(
    r'\[[^\]]*\]|"[^"]*"|\\.|[yY]+|[mM]+|[dD]+|[hH]+|[sS]+(?:\.0+)?|[aA][mM]/[pP][mM]|.'
)
# A spreadsheet shows these by the country it is in: written so that nobody mistakes them.
_LOCAL = ("mm-dd-yy", "m/d/yy h:mm")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@contextmanager
def open_xlsx(path: Path, sheet: str | None, has_header: bool = True) -> Iterator[Table]:
    """Opens a workbook's sheet; formulas are the values that they had when it was saved.

    Args:
        path: the file.
        sheet: its name; None for the first that is not empty or hidden.
        has_header: whether its first row holds the columns' names.

    Raises:
        InputError: the file cannot be read, there is no such sheet, or openpyxl is missing.
        TableError: the sheet is empty.
    """
    try:
        import defusedxml  # noqa: F401 (openpyxl uses it where it is there)
        from openpyxl import load_workbook
    except ImportError:
        raise needs(path, "openpyxl", "defusedxml") from None
    with spreadsheet(path, _SHEETS) as archive, warnings.catch_warnings():
        # About drawings, styles and the like, which no table needs.
        warnings.filterwarnings("ignore", module="openpyxl")
        with plain_errors(path):
            book = load_workbook(cast(IO[bytes], archive.fp), read_only=True, data_only=True)
            table = _table(book, archive, path, sheet, has_header)
        yield table


def _table(
    book: Any, archive: zipfile.ZipFile, path: Path, sheet: str | None, has_header: bool
) -> Table:
    names = [one.title for one in book.worksheets]
    wanted = wanted_sheet(sheet, names, path)
    for one in book.worksheets:
        if one.title != wanted if wanted else one.sheet_state != "visible":
            continue
        uncomputed = _uncomputed(archive, one)
        one.reset_dimensions()  # what the file says of its size may be wrong
        table = sheet_table(plain_rows(_rows(one), path), str(path), has_header)
        if table is not None:
            table.kind = "xlsx"
            others = [name for name in names if name != one.title]
            if others and not wanted:
                table.notes.append(sheet_note(one.title, others))
            table.notes += _formula_notes(uncomputed)
            return table
    raise empty(path, wanted)


def _rows(sheet: Any) -> Iterator[list[str]]:
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if number > MOST_ROWS:
            raise ValueError("a row that no sheet can have")
        yield without_blanks([_text(cell) for cell in cells])


def _text(cell: Any) -> str:
    """A cell as the spreadsheet shows it, but for the decimals that it hides."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        if "_x" in value:
            return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (dt.date, dt.time)):
        return _date(value, cell.number_format)
    if isinstance(value, (int, float)):
        return _number(value, cell.number_format)
    return str(value)


def _number(value: float, shown: str) -> str:
    shown = shown.split(";")[0]
    if shown.endswith("%"):
        decimals = len(shown.partition(".")[2].rstrip("%").strip())
        return f"{value * 100:.{decimals}f}%"
    if isinstance(value, int) and len(shown) > 1 and set(shown) == {"0"}:
        return f"{value:0{len(shown)}}"  # ids like 0012
    return str(value) if isinstance(value, int) else f"{value:.15g}"


def _date(value: dt.date | dt.time, shown: str) -> str:
    if shown in _LOCAL or isinstance(value, dt.time):
        if isinstance(value, dt.datetime) and value.time() == dt.time():
            return value.date().isoformat()
        return value.isoformat(" ") if isinstance(value, dt.datetime) else value.isoformat()
    parts = _DATE_PART.findall(shown.split(";")[0])
    moment = value if isinstance(value, dt.datetime) else None
    text, clock = "", False
    for at, part in enumerate(parts):
        kind = part[0].lower()
        follows = "".join(parts[at + 1 : at + 3]).lower().strip(":")
        minutes = kind == "m" and (clock or follows.startswith("s"))
        clock = kind == "h" or (clock and not part.isalpha())
        text += _date_part(value, moment, part, minutes)
    return text.strip()


def _date_part(value: dt.date, moment: dt.datetime | None, part: str, minutes: bool) -> str:
    kind, width = part[0].lower(), min(len(part), 2)
    if minutes or kind in "hs":
        names = {"m": "minute", "h": "hour", "s": "second"}
        return f"{getattr(moment, names[kind], 0):0{width}}"
    if kind == "y":
        return f"{value.year:04}" if len(part) > 2 else f"{value.year % 100:02}"
    if kind == "m":
        return _MONTHS[value.month - 1] if len(part) > 2 else f"{value.month:0{width}}"
    if kind == "d":
        return f"{value.day:0{width}}" if len(part) < 3 else f"{value:%a}"
    if kind in '"\\':
        return part.strip('"').lstrip("\\")
    # A locale in brackets, AM or PM (hours are shown from 0 to 23), what pads a cell.
    return "" if len(part) > 1 or part in "@_*" else part


def _uncomputed(archive: zipfile.ZipFile, sheet: Any) -> int:
    """How many formulas of a sheet have no value.

    Raises:
        ValueError: a cell is beyond the last column that a sheet can have, up to which openpyxl
            would fill its row.
    """
    name = str(getattr(sheet, "_worksheet_path", ""))
    if name not in archive.NameToInfo:
        return 0
    count, rest = 0, b""
    with archive.open(name) as member:
        while chunk := member.read(_CHUNK):
            rest += chunk
            if _TOO_FAR.search(rest):
                raise ValueError("a column that no sheet can have")
            end = 0
            for match in _NO_VALUE.finditer(rest):
                count, end = count + 1, match.end()
            rest = rest[max(end, len(rest) - 200) :]
    return count


def _formula_notes(count: int) -> list[str]:
    if not count:
        return []
    many = f"{count} formulas have" if count > 1 else "1 formula has"
    return [f"{many} no value yet: open the file in a spreadsheet and save it again"]
