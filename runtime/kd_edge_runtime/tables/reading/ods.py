"""Reads a sheet of an OpenDocument spreadsheet (.ods), row by row."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.reading.rows import LONGEST_FIELD
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
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kd_edge_runtime.tables.reading.rows import Table

_CONTENT = "content.xml"
_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TABLE, _OFFICE, _TEXT = (_NAMES % name for name in ("table", "office", "text"))
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_MOST_COLUMNS = 1 << 14  # as wide as a sheet can be; a cell may say that it stands for any number
_SPACES = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
_ASIDE = (f"{_OFFICE}annotation", f"{_TEXT}note")


@contextmanager
def open_ods(path: Path, sheet: str | None, has_header: bool = True) -> Iterator[Table]:
    """Opens a spreadsheet's sheet; formulas are the values that they had when it was saved.

    Args:
        path: the file.
        sheet: its name; None for the first that is not empty.
        has_header: whether its first row holds the columns' names.

    Raises:
        InputError: the file cannot be read, there is no such sheet, or defusedxml is missing.
        TableError: the sheet is empty.
    """
    try:
        from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise needs(path, "defusedxml") from None
    with spreadsheet(path, _CONTENT) as archive:
        with plain_errors(path):
            _refuse_protected(archive, path)
            names = [name for name, _ in _sheets(archive, iterparse, None)]
        wanted = wanted_sheet(sheet, names, path)
        for name in [wanted] if wanted else names:
            rows = (row for _, row in _sheets(archive, iterparse, name))
            table = sheet_table(plain_rows(rows, path), str(path), has_header)
            if table is not None:
                table.kind = "ods"
                others = [other for other in names if other != name]
                if others and not wanted:
                    table.notes.append(sheet_note(name, others))
                yield table
                return
    raise empty(path, wanted)


def _refuse_protected(archive: zipfile.ZipFile, path: Path) -> None:
    try:
        manifest = archive.read("META-INF/manifest.xml")
    except KeyError:
        manifest = b""
    if b"encryption-data" in manifest:
        raise InputError(
            f"{path}: it is protected by a password: save it without one in a spreadsheet"
        )


def _sheets(
    archive: zipfile.ZipFile, iterparse: Callable[..., Any], wanted: str | None
) -> Iterator[tuple[str, list[str]]]:
    """The rows of a sheet; with no sheet wanted, each sheet's name once."""
    name, rows = "", _Rows()
    with archive.open(_CONTENT) as member:
        for event, element in iterparse(member, events=("start", "end"), forbid_dtd=True):
            starts = event == "start"
            if element.tag == f"{_TABLE}table" and starts:
                name = element.get(f"{_TABLE}name", "")
                if wanted is None:
                    yield name, []
            elif element.tag == f"{_TABLE}table" and name == wanted:
                return
            elif element.tag == f"{_TABLE}table-row" and not starts:
                if name == wanted:
                    yield from ((name, row) for row in rows.of(element))
                element.clear()


class _Rows:
    """Writes out the rows of a sheet, of which one element may stand for many."""

    def __init__(self) -> None:
        self._count = self._blank = 0

    def of(self, element: Any) -> Iterator[list[str]]:
        """The rows that an element is, after the blank ones before it; no blank ones at an end."""
        cells, many = _row(element), _repeated(element, "rows")
        if not cells:
            self._blank += many
            return
        self._count += self._blank + many
        if self._count > MOST_ROWS:
            raise ValueError("a sheet of more rows than a sheet can have")
        yield from ([] for _ in range(self._blank))
        yield from ([*cells] for _ in range(many))
        self._blank = 0


def _repeated(element: Any, what: str) -> int:
    return max(1, int(element.get(f"{_TABLE}number-{what}-repeated", "1")))


def _row(row: Any) -> list[str]:
    cells: list[str] = []
    blank = 0
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        many, text = _repeated(cell, "columns"), _cell(cell)
        if not text:
            blank += many
            continue
        if len(cells) + blank + many > _MOST_COLUMNS or len(text) * many > LONGEST_FIELD:
            raise ValueError("a row that no sheet can have")
        cells += [""] * blank + [text] * many
        blank = 0
    return without_blanks(cells)


def _cell(cell: Any) -> str:
    """A cell as the spreadsheet shows it, but for the decimals that it hides."""
    kind = cell.get(f"{_OFFICE}value-type")
    if kind == "float":
        return f"{float(cell.get(f'{_OFFICE}value', 'nan')):.15g}"
    if kind == "boolean":
        return str(cell.get(f"{_OFFICE}boolean-value", "")).upper()
    lines = ("".join(_inside(part)) for part in cell if part.tag == f"{_TEXT}p")
    return "\n".join(lines)


def _inside(element: Any) -> Iterator[str]:
    """The text of a paragraph, without notes in it; an element's tail is its parent's."""
    if element.tag in _ASIDE:
        return
    if element.tag == f"{_TEXT}s":
        yield " " * min(int(element.get(f"{_TEXT}c", "1")), _MOST_COLUMNS)
    yield _SPACES.get(element.tag, element.text or "")
    for part in element:
        yield from _inside(part)
        yield part.tail or ""
