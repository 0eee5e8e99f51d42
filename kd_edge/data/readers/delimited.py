"""Read CSV and TSV into raw records, by the reader that devices have."""

from __future__ import annotations

import sys
from pathlib import Path

from kd_edge.data.readers.raw_table import RawRecord, RawTable
from kd_edge_runtime.tables.encoding import open_text
from kd_edge_runtime.tables.rows import open_table, usual_delimiter

_WORDS = {",": "commas", "\t": "tabs", ";": "semicolons"}


def read_table(path: Path, has_header: bool = True, every_problem: bool = False) -> RawTable:
    """Read a CSV, TSV or other delimited text file; its first row holds the names.

    `kd_edge_runtime.tables.rows` decides what its delimiter, header and rows are.

    Args:
        path: the file.
        has_header: whether the first row holds the names; if not, they are made up.
        every_problem: whether all problems are kept, not only the first hundreds.

    Raises:
        TableError: the file is empty, or its header cannot be read.
        InputError: the file cannot be read as text.
    """
    suffix = path.suffix.lower()
    usual = usual_delimiter(suffix)
    with open_text(path) as stream:
        encoding = stream.encoding
        table = open_table(stream, str(path), usual, has_header)
        if every_problem:
            table.most_problems = sys.maxsize
        records = tuple(
            RawRecord(row, tuple(fields))
            for numbers, rows in table.batches()
            for row, fields in zip(numbers, rows)
        )
    notes = []
    if not table.quoted:
        notes.append("read as ASAP-SAS: tabs, quotation marks kept as they are")
    elif table.delimiter != usual or suffix == ".txt":
        notes.append(f"fields separated by {_WORDS[table.delimiter]}")
    if table.skipped:
        notes.append(f"{table.skipped} empty row{'s' if table.skipped > 1 else ''} skipped")
    return RawTable(
        tuple(name.strip() for name in table.header),
        records,
        encoding,
        tuple(table.problems),
        lost=table.bad,
        notes=tuple(notes),
        unlisted=table.bad - len(table.problems),
    )
