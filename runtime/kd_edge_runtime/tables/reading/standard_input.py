"""Reads a table from standard input."""

from __future__ import annotations

import sys

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.reading.rows import open_table

if TYPE_CHECKING:
    from typing import BinaryIO

    from kd_edge_runtime.tables.reading.rows import Table
    from kd_edge_runtime.tables.reading.sources import Reading


def open_standard_input(reading: Reading) -> Table:
    """Reads the header of the table that standard input holds.

    It cannot be read twice to find its encoding: it has to be UTF-8, or named.

    Args:
        reading: what the user says about it.

    Raises:
        TableError: the table is empty, or its header cannot be read.
        InputError: standard input is closed, or there is no such encoding.
    """
    if sys.stdin is None:
        raise InputError("standard input is closed: give the table as a file")
    encoding = "utf-8-sig" if _marked(sys.stdin.buffer) else "utf-8"
    if reading.encoding is not None:
        from kd_edge_runtime.tables.reading.guess import codec_name

        named = codec_name(reading.encoding)
        encoding = encoding if named == "utf-8" else named
    sys.stdin.reconfigure(encoding=encoding, errors="strict", newline="")  # type: ignore[union-attr]
    table = open_table(
        sys.stdin, "standard input", has_header=reading.has_header, quoting=reading.quoting
    )
    table.encoding = encoding
    return table


def _marked(raw: BinaryIO) -> bool:
    """Whether what is read next is a byte order mark, which is left unread."""
    if raw.seekable():
        at = raw.tell()
        start = raw.read(3)
        raw.seek(at)
    else:
        start = raw.peek(3)  # type: ignore[attr-defined]
    return bool(start[:3] == b"\xef\xbb\xbf")
