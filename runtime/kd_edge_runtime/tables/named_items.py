"""Which of a bundle's items a table names, before it is scored."""

from __future__ import annotations

from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import KdEdgeError
from kd_edge_runtime.tables.reading.sources import Reading, open_source
from kd_edge_runtime.tables.score_rows import Columns, table_columns

if TYPE_CHECKING:
    from kd_edge_runtime.bundle.manifest import Manifest
    from kd_edge_runtime.tables.score import Request

# A larger table is not read twice: it takes longer than to check every item.
_MOST_BYTES = 1 << 20


def named_items(request: Request, manifest: Manifest) -> list[str] | None:
    """The items that a request's table has responses to, in the bundle's order.

    Args:
        request: what to score.
        manifest: the bundle's.

    Returns:
        The first item too, which is loaded in any case. None if that is not known before: of
        standard input, a large table, and one that cannot be read, as scoring it will tell.
    """
    path, ids = Path(request.responses), manifest.item_ids
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        how = Reading(request.encoding, request.sheet, request.quoting, request.has_header)
        with open_source(path, how) as table:
            columns = table_columns(table.header, str(path), manifest, request)
            if not isinstance(columns, Columns):
                named = {place.entry.item_id for place in columns.places}
            elif columns.item is None:
                named = {str(columns.item_id)}
            else:
                at = columns.item
                named = {row[at].strip() for _, rows in table.batches() for row in rows}
    except (KdEdgeError, OSError, ValueError):
        return None
    return [ids[0], *(one for one in ids[1:] if one in named)]
