"""Cells that a spreadsheet would run as a formula, and what keeps it from doing so."""

from __future__ import annotations

import re

# How formulas begin in spreadsheets: with signs that people type, in full width too, or with
# white space before them, which some programs drop.
SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,' ][0-9]+)*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?\s*%?")


def safe(cell: str) -> str:
    """A cell as a spreadsheet shows it, with an apostrophe before what it might run.

    Plain numbers, such as -1 or +2,5, stay numbers; signs alone, such as + for "right", are none.
    """
    start = cell.lstrip(" \u00a0")[:1]
    if start not in SIGNS or not cell.strip(SIGNS) or _NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}"
