"""Lists in a message: the first few, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[object], most: int = 8) -> str:
    """Names as a list of `most` at the longest: "a, b and 3 more"."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(str, names[:most])) + more


def listed_rows(rows: Sequence[int], most: int = 8) -> str:
    """Rows of a table, in their order: "row 3", "rows 3, 5 and 12 more"."""
    return f"row{'s' if len(rows) > 1 else ''} {listed(sorted(rows), most)}"
