"""Make several rows of one that holds responses to several items, or scores by several criteria."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kd_edge.data.readers.columns import ColumnChoice
from kd_edge.data.readers.raw_table import RawRecord, RawTable

_ROLES = ("item_id", "text", "score", "score2")


@dataclass(frozen=True)
class RowPart:
    """Where a row holds one of its items.

    Attributes:
        name: the item, or the criterion.
        score: the column of its scores; None where there is none.
        text: the column of its responses; None where all parts of a row share one.
        score2: the column of second scores; None where there is none.
    """

    name: str
    score: int | None
    text: int | None = None
    score2: int | None = None


def unfold(
    table: RawTable,
    choice: ColumnChoice,
    parts: Sequence[RowPart],
    item_of: Callable[[RawRecord, RowPart], str],
) -> tuple[RawTable, ColumnChoice]:
    """Make a row for each item of each row.

    All columns stay where they are, so that they can be chosen by number; those of the new rows
    come behind them. Where there is neither a response nor a score, there is no row.

    Args:
        table: as it was read.
        choice: what the user named.
        parts: the items of a row.
        item_of: the name of a record's item.

    Returns:
        The table, and the choice of its columns.
    """
    width = len(table.header)
    own = tuple(part.text is not None for part in parts)
    roles = ["item_id", *(["text"] if all(own) else []), "score"]
    if any(part.score2 is not None for part in parts):
        roles.append("score2")
    places = [_places(part, roles, width) for part in parts]
    names = [
        {role: table.header[at] for role, at in zip(roles, place, strict=True) if at < width}
        for place in places
    ]
    records, nothing = [], 0
    for record in table.records:
        for part, place, columns in zip(parts, places, names, strict=True):
            row = (*record.cells, "", item_of(record, part))
            new = tuple(row[at] for at in place)
            if part.text is not None and not any(cell is None or cell.strip() for cell in new[1:]):
                nothing += 1
                continue
            records.append(RawRecord(record.row, (*record.cells, *new), record.file, columns))
    header = tuple("" if name in _ROLES else name for name in table.header)
    if not all(own):  # the column of responses, and perhaps of items, is one of the table's own
        used = {at for part in parts for at in (part.score, part.score2)}
        header = tuple(
            "" if at in used or (name in roles) else name for at, name in enumerate(table.header)
        )
    notes = [*table.notes]
    if nothing:
        cells = "cell" if nothing == 1 else "cells"
        notes.append(f"{nothing:,} blank {cells} without a score left out")
    unfolded = replace(table, header=(*header, *roles), records=tuple(records), notes=tuple(notes))
    chosen: dict[str, Any] = {role: role for role in roles}
    return unfolded, replace(choice, **chosen)


def _places(part: RowPart, roles: Sequence[str], width: int) -> tuple[int, ...]:
    """Where a part's new cells are; the blank and the item's name are put behind the row's own."""
    at = {"text": part.text, "score": part.score, "score2": part.score2}
    found = []
    for role in roles:
        place = at.get(role)
        found.append(width + 1 if role == "item_id" else width if place is None else place)
    return tuple(found)
