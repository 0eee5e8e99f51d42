"""Keep a table as it was read, for what writes it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kd_edge.data.readers.cells import Draft
from kd_edge.data.readers.columns import FoundColumns
from kd_edge.data.readers.raw_table import RawTable
from kd_edge.data.responses import SourceRow, SourceTable


def source_table(
    table: RawTable, columns: FoundColumns, drafts: Mapping[str, Sequence[Draft]]
) -> SourceTable:
    """The table, with the places of responses and roles.

    Args:
        table: as a reader left it.
        columns: where the roles are.
        drafts: item → its rows, whose records are the table's.
    """
    places = {id(record): at for at, record in enumerate(table.records)}
    return SourceTable(
        table.header,
        tuple(SourceRow(record.row, record.cells) for record in table.records),
        {
            (item, draft.response_id): places[id(draft.record)]
            for item, own in drafts.items()
            for draft in own
        },
        columns.positions,
        any(record.columns for record in table.records),
    )
