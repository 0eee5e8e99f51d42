"""Read the files of the "Automated Student Assessment Prize, Short Answer Scoring" (ASAP-SAS).

They are tab separated without any quoting: a quotation mark is a student's own, and the
csv module would join rows over it. They are known by their header.
"""

from __future__ import annotations

from typing import TextIO

from kd_edge.data.readers.raw_table import RawRecord, RawTable
from kd_edge_runtime.errors import Problem

_HEADERS = (
    ("Id", "EssaySet", "Score1", "Score2", "EssayText"),
    ("Id", "EssaySet", "EssayText"),  # the competition's files to be scored
)


def is_header(line: str) -> bool:
    """Whether this first line of a file is that of an ASAP-SAS file."""
    return _fields(line) in _HEADERS


def read_asap(stream: TextIO) -> RawTable:
    """Read an ASAP-SAS file.

    Args:
        stream: the file at its start, its first line that is not blank being the header.

    Returns:
        The table; `Score1`, `EssaySet` and the rest are understood as any other columns.
    """
    header: tuple[str, ...] = ()
    records = []
    problems = []
    for row, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        fields = _fields(line.rstrip("\r\n"))
        if not header:
            header = fields
        elif len(fields) != len(header):
            problems.append(
                Problem(f"{len(fields)} fields where the header has {len(header)}", row=row)
            )
        else:
            records.append(RawRecord(row, fields))
    return RawTable(
        header,
        tuple(records),
        stream.encoding,
        tuple(problems),
        lost=len(problems),
        notes=("read as ASAP-SAS: tabs, quotation marks kept as they are",),
    )


def _fields(line: str) -> tuple[str, ...]:
    return tuple(line.split("\t"))
