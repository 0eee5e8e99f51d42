"""What the reader of a format returns: cells still as text, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kd_edge_runtime.errors import Problem


class RawRecord(NamedTuple):
    """One row as written.

    Attributes:
        row: its number as the user would count it (see `RawTable.counting`).
        cells: one for each column of the header; None for a value that is neither text nor number.
        file: the file's name, where the table is spread over several.
        columns: role → the column's name, where it is not the same in all rows.
    """

    row: int
    cells: tuple[str | None, ...]
    file: str | None = None
    columns: Mapping[str, str] | None = None


@dataclass(frozen=True)
class ItemText:
    """What a source says about an item besides its responses; see `kd_edge.data.responses.Item`."""

    item_id: str
    prompt: str | None
    references: tuple[str, ...]
    part_of: str | None = None


@dataclass(frozen=True)
class RawTable:
    """A source as read, before its columns and scores are interpreted.

    Attributes:
        header: the columns' names as the file writes them.
        records: the rows that could be read.
        encoding: as `kd_edge.data.responses.Responses.encoding`.
        problems: what could not be read.
        lost: how many rows are missing from `records` because of a problem.
        notes: lines for the user.
        items: prompts and reference answers.
        counting: how rows are counted, as a sentence for the user.
        unlisted: how many problems there were that `problems` lacks.
    """

    header: tuple[str, ...]
    records: tuple[RawRecord, ...]
    encoding: str
    problems: tuple[Problem, ...] = ()
    lost: int = 0
    notes: tuple[str, ...] = ()
    items: tuple[ItemText, ...] = ()
    counting: str = "Rows are counted as a spreadsheet does: the header is row 1."
    unlisted: int = 0
