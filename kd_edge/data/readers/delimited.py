"""Read CSV, TSV and JSON lines into raw records."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from kd_edge.data.readers import asap
from kd_edge.data.readers.columns import known_names
from kd_edge.data.readers.raw_table import RawRecord, RawTable
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.encoding import open_text

_DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons"}
_USUAL = {".csv": ",", ".tsv": "\t"}
# Half of a character outside the basic plane: JSON can write it, no file can hold it.
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_table(path: Path) -> RawTable:
    """Read a CSV, TSV or other delimited text file; its first row holds the names.

    The delimiter is taken from the header, whatever the suffix: a German Excel writes
    semicolons into its .csv. The original ASAP-SAS files are recognised (see `asap`).

    Args:
        path: the file.

    Raises:
        TableError: the file is empty.
        InputError: the file cannot be read as text.
    """
    with open_text(path) as stream:
        first = _first_line(stream)
        if not first:
            raise TableError(str(path), [Problem("the file is empty")])
        stream.seek(0)
        if asap.is_header(first):
            return asap.read_asap(stream)
        delimiter = _sniff_delimiter(first, _USUAL.get(path.suffix.lower(), "\t"))
        table = _read_delimited(stream, delimiter)
    if delimiter == _USUAL.get(path.suffix.lower()):
        return table
    notes = (f"fields separated by {_DELIMITERS[delimiter]}", *table.notes)
    return replace(table, notes=notes)


def _first_line(stream: TextIO) -> str:
    for line in stream:
        if line.strip():
            return line.rstrip("\r\n")
    return ""


def _sniff_delimiter(line: str, usual: str) -> str:
    """Take the delimiter that gives the most known names, then the most fields."""

    def worth(delimiter: str) -> tuple[int, int, bool]:
        try:
            names = tuple(next(csv.reader([line], delimiter=delimiter)))
        except csv.Error:
            return 0, 0, False
        return known_names(names), len(names), delimiter == usual

    return max(_DELIMITERS, key=worth)


class _Rows:
    """The rows of a delimited file, counted as a spreadsheet does."""

    def __init__(self, stream: TextIO, delimiter: str) -> None:
        # strict: a quotation mark that is never closed swallows the rest of the file, and
        # one that is not doubled moves a text's end; both must be seen, not guessed at.
        self._reader = csv.reader(stream, delimiter=delimiter, strict=True)
        self.row = 0
        self.problems: list[Problem] = []

    def next(self) -> list[str] | None:
        """The next row that can be read, None at the end."""
        while True:
            self.row += 1
            try:
                return next(self._reader)
            except StopIteration:
                return None
            except csv.Error as error:
                self.problems.append(Problem(_csv_words(str(error)), row=self.row))


def _csv_words(message: str) -> str:
    if "expected after" in message:
        return 'a quotation mark inside a quoted field has to be doubled ("")'
    if "field limit" in message:
        limit = f"{csv.field_size_limit():,}"
        return f"a field of more than {limit} characters: is a quotation mark never closed?"
    if "end of data" in message:
        return "a quotation mark is opened in this row and never closed"
    return "this row is not valid CSV"


def _read_delimited(stream: TextIO, delimiter: str) -> RawTable:
    rows = _Rows(stream, delimiter)
    header: tuple[str, ...] = ()
    records = []
    ragged = 0
    empty = 0
    ending_empty = 0  # blank rows at the very end are no news to anybody
    while (cells := rows.next()) is not None:
        if not any(cell.strip() for cell in cells):
            ending_empty += 1
            continue
        empty, ending_empty = empty + ending_empty, 0
        if not header:
            empty = 0
            header = tuple(name.strip() for name in cells)
        elif len(cells) != len(header):
            ragged += 1
            rows.problems.append(_ragged(rows.row, len(cells), len(header)))
        else:
            records.append(RawRecord(rows.row, tuple(cells)))
    notes = (f"{empty} empty row{'s' if empty > 1 else ''} skipped",) if empty else ()
    lost = len(rows.problems)
    return RawTable(header, tuple(records), stream.encoding, tuple(rows.problems), lost, notes)


def _ragged(row: int, fields: int, columns: int) -> Problem:
    said = f"{fields} field{'s' if fields != 1 else ''} where the header has {columns}"
    if fields > columns:
        said += ": a text that holds a separator needs quotation marks around it"
    return Problem(said, row=row)


def read_json_lines(path: Path) -> RawTable:
    """Read one JSON object a line; rows are lines, columns the names in order of appearance.

    Numbers and true/false become text as JSON writes them, null and a missing name an
    empty cell.

    Args:
        path: the file.

    Raises:
        TableError: the file is empty.
        InputError: the file cannot be read as text.
    """
    objects: list[tuple[int, dict[str, str | None]]] = []
    problems = []
    empty = True
    with open_text(path) as stream:
        encoding = stream.encoding
        for row, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            empty = False
            try:
                objects.append((row, _json_cells(line.rstrip("\r\n"))))
            except _BadLineError as error:
                problems.append(Problem(str(error), row=row))
    if empty:
        raise TableError(str(path), [Problem("the file is empty")])
    header = tuple(dict.fromkeys(name for _, cells in objects for name in cells))
    return RawTable(
        header,
        tuple(RawRecord(row, tuple(cells.get(n, "") for n in header)) for row, cells in objects),
        encoding,
        tuple(problems),
        lost=len(problems),
        counting="Rows are the file's lines.",
    )


class _BadLineError(Exception):
    """What is wrong with a line, for the user."""


def _json_cells(line: str) -> dict[str, str | None]:
    try:
        value = json.loads(line, object_pairs_hook=_no_name_twice)
    except json.JSONDecodeError as error:
        raise _BadLineError(f"no valid JSON ({error.msg}: character {error.colno})") from None
    except RecursionError:
        raise _BadLineError("no valid JSON (nested too deeply)") from None
    except ValueError:  # Python refuses to read integers of thousands of digits
        raise _BadLineError("no valid JSON (a number of too many digits)") from None
    if not isinstance(value, dict):
        raise _BadLineError("no JSON object: each line has to be {…} with the columns' names")
    cells = {name: _json_text(cell) for name, cell in value.items()}
    if any(_SURROGATE.search(part) for cell in cells.items() for part in cell if part):
        raise _BadLineError("half of a character (a \\ud800 … \\udfff without its other half)")
    return cells


def _no_name_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _BadLineError("the same name twice in one object")
    return found


def _json_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return None
