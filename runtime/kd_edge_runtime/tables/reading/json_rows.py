"""Reads JSON: one object a line, or an array of objects; each object is a row.

Numbers and true/false become text as JSON writes them, null and a missing name an empty cell.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kd_edge_runtime.errors import InputError, Problem, TableError
from kd_edge_runtime.tables.reading.encoding import open_as
from kd_edge_runtime.tables.reading.rows import BATCH, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from kd_edge_runtime.tables.reading.encoding import TextFile

# Half of a character outside the basic plane: JSON can write it, no file can hold it.
_SURROGATE = re.compile("[\ud800-\udfff]")
# An array is read whole, so that it must fit into a device's memory.
_LARGEST = 256 << 20


class Nested(str):
    """A cell that is a list or an object, as JSON writes it."""


class JsonTable(Table):
    """A table of JSON objects.

    Args:
        header: the names of all objects.
        objects: each with its number; in place of one that cannot be read, what is wrong.
        source: the table's name for messages.
    """

    def __init__(
        self,
        header: Sequence[str],
        objects: Iterable[tuple[int, dict[str, str] | str]],
        source: str,
    ) -> None:
        super().__init__(header, iter(()), source)
        self.nested = True
        self._objects = iter(objects)

    def batches(self, size: int = BATCH) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        """Reads the objects, up to `size` at once; see `Table.batches`."""
        numbers: list[int] = []
        rows: list[list[str]] = []
        for number, cells in self._objects:
            if isinstance(cells, str):
                self.note(Problem(cells, number))
                continue
            numbers.append(number)
            rows.append([cells.get(name, "") for name in self.header])
            if len(rows) == size:
                yield numbers, rows
                numbers, rows = [], []
        if rows:
            yield numbers, rows


@contextmanager
def open_json_lines(path: Path, found: TextFile) -> Iterator[Table]:
    """Opens a file of one JSON object a line; rows are lines.

    The names of the columns are those of all objects, in the order in which they appear: the
    file is read once for them, and once for the rows.

    Args:
        path: the file.
        found: its encoding.

    Raises:
        TableError: the file is empty, or no line is an object.
    """
    names: dict[str, None] = {}
    empty, wrong = True, ""
    with open_as(path, found) as stream:
        for _, cells in _of_lines(stream):
            empty = False
            if isinstance(cells, str):
                wrong = wrong or cells
            else:
                names.update(dict.fromkeys(cells))
        if empty:
            raise TableError(str(path), [Problem("the file is empty")])
        stream.seek(0)
        yield _table(names, _of_lines(stream), path, found, "Rows are the file's lines.")


@contextmanager
def open_json(path: Path, found: TextFile) -> Iterator[Table]:
    """Opens an array of JSON objects, by itself or as the only list of an object.

    A file of JSON lines is read too, whatever it is called.

    Args:
        path: the file.
        found: its encoding.

    Raises:
        TableError: it holds no such array.
    """
    if path.stat().st_size > _LARGEST:
        raise InputError(
            f"{path}: more than {_LARGEST >> 20} MB of JSON: write one object a line (.jsonl)"
        )
    with open_as(path, found) as stream:
        text = stream.read()
    try:
        objects = _array(json.loads(text, object_pairs_hook=_no_name_twice))
    except (ValueError, RecursionError) as error:
        if "Extra data" in str(error):
            with open_json_lines(path, found) as table:
                yield table
            return
        raise TableError(str(path), [Problem(_wrong(error, whole=True))]) from None
    if not objects:
        what = "the file holds no JSON array of objects: [{…}, {…}], one for each response"
        raise TableError(str(path), [Problem(what)])
    rows = [(number, _cells(value)) for number, value in enumerate(objects, 1)]
    names = dict.fromkeys(name for _, cells in rows if isinstance(cells, dict) for name in cells)
    yield _table(names, rows, path, found, "Rows are the objects of the array, from 1.")


def _table(
    names: Iterable[str],
    objects: Iterable[tuple[int, dict[str, str] | str]],
    path: Path,
    found: TextFile,
    counting: str,
) -> Table:
    table = JsonTable(tuple(names), objects, str(path))
    table.encoding = found.encoding
    table.counting = counting
    if found.note:
        table.notes.append(found.note)
    return table


def _array(value: object) -> list[object]:
    if isinstance(value, dict):
        lists = [one for one in value.values() if isinstance(one, list) and one]
        value = lists[0] if len(lists) == 1 else []
    return value if isinstance(value, list) else []


def _of_lines(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str] | str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line.rstrip("\r\n"), object_pairs_hook=_no_name_twice)
        except (ValueError, RecursionError) as error:
            yield number, _wrong(error)
        else:
            yield number, _cells(value, escapes="\\u" in line)


class _TwiceError(ValueError):
    """A name that occurs twice in one object."""


def _wrong(error: Exception, whole: bool = False) -> str:
    """What is wrong with JSON, for the user; never its text."""
    if isinstance(error, _TwiceError):
        return "the same name occurs twice in one object"
    if isinstance(error, json.JSONDecodeError):
        line = f"line {error.lineno}, " if whole else ""
        return f"not valid JSON ({error.msg}: {line}character {error.colno})"
    if isinstance(error, RecursionError):
        return "not valid JSON (nested too deeply)"
    # Python refuses to read integers of thousands of digits.
    return "not valid JSON (a number of too many digits)"


def _no_name_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


def _cells(value: object, escapes: bool = True) -> dict[str, str] | str:
    """An object's cells, or what is wrong with it; without escapes, no half of a pair is in it."""
    if not isinstance(value, dict):
        return "not a JSON object: each line must be {…} with the names of the columns"
    cells = {name: _text(cell) for name, cell in value.items()}
    if escapes and any(_SURROGATE.search(part) for cell in cells.items() for part in cell):
        return "half of a surrogate pair (\\ud800 … \\udfff without its other half)"
    return cells


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return Nested(json.dumps(value, ensure_ascii=False))
