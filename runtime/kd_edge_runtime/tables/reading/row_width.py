"""Rows that have other fields than the header has names. Imported only where one is met."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# What may stand in a blank row: white space, and the mark by which DOS ends a file.
WHITE = " \t\r\n\v\f\xa0\x1a"


def fitted(fields: list[str], header: Sequence[str]) -> list[str]:
    """A row without blank fields beyond the header, or with those that only blank names lack."""
    width = len(header)
    if len(fields) > width:
        return fields if "".join(fields[width:]).strip() else fields[:width]
    lacking = header[len(fields) :]
    return fields if "".join(lacking).strip() else [*fields, *([""] * len(lacking))]


def why_bad(fields: list[str], header: Sequence[str], quoted: bool) -> str:
    """What is wrong with a row, after `fitted`; "" for nothing."""
    width = len(header)
    if len(fields) == width:
        if width > 1 and fields == [*header]:
            return (
                "holds the column names again: are these two tables? Put each into a file of "
                "its own, or delete this row"
            )
        return ""
    message = f"{len(fields)} field{'s' if len(fields) != 1 else ''}, but the header has {width}"
    if len(fields) > width and quoted:
        message += ": put quotation marks around a text that contains a separator"
    return message
