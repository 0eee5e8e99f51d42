"""Read tables of all formats into raw records, by the reader that devices have."""

from __future__ import annotations

import sys
from pathlib import Path

from kd_edge.data.readers.encodings import likely_encoding
from kd_edge.data.readers.raw_table import RawRecord, RawTable
from kd_edge_runtime.tables.reading.header import usual_delimiter
from kd_edge_runtime.tables.reading.rows import UNQUOTED, Table
from kd_edge_runtime.tables.reading.sources import OTHERS, Reading, open_source

_WORDS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars (|)"}


def read_table(
    path: Path,
    reading: Reading = Reading(),  # noqa: B008 (frozen)
    every_problem: bool = False,
) -> RawTable:
    """Read delimited text, a spreadsheet, JSON or Parquet.

    `kd_edge_runtime.tables` decides what its delimiter, header and rows are.

    Args:
        path: the file.
        reading: what the user says about it.
        every_problem: whether all problems are kept, not only the first hundreds; one that has
            taken other rows with it is raised then.

    Raises:
        TableError: the file is empty, or its header cannot be read.
        InputError: the file cannot be read as what it is called.
    """
    with open_source(path, reading, likely_encoding) as table:
        if every_problem:
            table.most_problems = sys.maxsize
        records = tuple(
            RawRecord(row, _cells(fields) if table.nested else tuple(fields))
            for numbers, rows in table.batches()
            for row, fields in zip(numbers, rows)
        )
    if every_problem and table.cut_off:
        raise table.error("No row can be skipped while the end of one is not known.")
    return RawTable(
        tuple(name if table.nested else name.strip() for name in table.header),
        records,
        table.encoding if table.kind == "text" else table.kind,
        tuple(table.problems),
        lost=table.bad,
        notes=tuple(_notes(table, path.suffix.lower())),
        counting=table.counting,
        unlisted=table.bad - len(table.problems),
    )


def _cells(fields: list[str]) -> tuple[str | None, ...]:
    """Fields without those that are lists or objects."""
    return tuple(field if type(field) is str else None for field in fields)


def _notes(table: Table, suffix: str) -> list[str]:
    notes = [*table.notes]
    if suffix not in OTHERS:
        if not table.quoted and [*table.header] in UNQUOTED:
            notes.append("read as ASAP-SAS: tabs, quotation marks kept as they are")
        elif table.delimiter != usual_delimiter(suffix) or suffix == ".txt":
            words = _WORDS.get(table.delimiter, f"'{table.delimiter}'")
            notes.append(f"fields separated by {words}")
    if table.skipped:
        notes.append(f"{table.skipped} empty row{'s' if table.skipped > 1 else ''} skipped")
    return notes
