"""Read JSON lines into raw records."""

from __future__ import annotations

import json
import re
from pathlib import Path

from kd_edge.data.readers.raw_table import RawRecord, RawTable
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.encoding import open_text

# Half of a character outside the basic plane: JSON can write it, no file can hold it.
_SURROGATE = re.compile("[\ud800-\udfff]")


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
        raise _BadLineError(f"not valid JSON ({error.msg}: character {error.colno})") from None
    except RecursionError:
        raise _BadLineError("not valid JSON (nested too deeply)") from None
    except ValueError:  # Python refuses to read integers of thousands of digits
        raise _BadLineError("not valid JSON (a number of too many digits)") from None
    if not isinstance(value, dict):
        raise _BadLineError(
            "not a JSON object: each line must be {…} with the names of the columns"
        )
    cells = {name: _json_text(cell) for name, cell in value.items()}
    if any(_SURROGATE.search(part) for cell in cells.items() for part in cell if part):
        raise _BadLineError("half of a surrogate pair (\\ud800 … \\udfff without its other half)")
    return cells


def _no_name_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _BadLineError("the same name occurs twice in one object")
    return found


def _json_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return None
