"""An item's rows as a file, for contenders whose Python has no kd-edge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.work_folder import Left
from kd_edge.data.responses import Row
from kd_edge.files import write_json


def write_task(left: Left, path: Path) -> None:
    """Writes the rows to learn from, to choose by and to measure on.

    Args:
        left: the item.
        path: the JSON file; students' responses are in it, so it stays in the work folder.
    """
    scale = left.item.scale
    rows = {"train": left.rows, "held_out": left.held_out, "test": left.test}
    write_json(
        path,
        {
            "classes": list(scale.classes),
            "values": list(scale.values),
            "numeric": scale.numeric,
            **{part: _plain(some) for part, some in rows.items()},
        },
    )


def _plain(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [{"text": row.text, "score": row.score} for row in rows]
