"""Opens a text file whose encoding is unknown.

Spreadsheets write UTF-8 (with or without a byte order mark) or, on Windows, cp1252.
Any other encoding is refused, with advice, rather than read as gibberish.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import InputError, read_error

if TYPE_CHECKING:
    from typing import BinaryIO, TextIO

_CHUNK = 1 << 16
_UTF8_MARK = codecs.BOM_UTF8
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Python's cp1252 leaves these five bytes undefined; a file with one of them is not cp1252.
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_ADVICE = "save as UTF-8 CSV (in a spreadsheet: Save As, 'CSV UTF-8')"


def sniff_encoding(path: Path) -> str:
    """Determine a text file's encoding by reading it once, in chunks.

    Args:
        path: a text file.

    Returns:
        "utf-8", "utf-8-sig" (it starts with a byte order mark) or "cp1252"; all are names
        that `open` takes. Plain ASCII and an empty file are "utf-8".

    Raises:
        InputError: the file cannot be read, or has none of these encodings.
    """
    with _read_errors(path):
        _refuse_non_file(path)
        with path.open("rb") as raw:
            return _sniff(raw, path)


def open_text(path: Path) -> TextIO:
    r"""Open a text file in its own encoding.

    Args:
        path: a text file.

    Returns:
        A stream at the start of the text, after any byte order mark, with line ends as in the
        file (`newline=""`, as the csv module requires). Its `encoding` is the detected one.

    Raises:
        InputError: the file cannot be read, or has an unsupported encoding.
    """
    encoding = sniff_encoding(path)
    with _read_errors(path):
        return path.open(encoding=encoding, newline="")


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    """Turn system errors into messages that name the file."""
    try:
        yield
    except OSError as error:
        raise read_error(path, error) from None
    except ValueError:  # a path with a NUL in it never reaches the system
        raise InputError(f"{str(path)!r} is not a possible file name") from None


def _refuse_non_file(path: Path) -> None:
    # Checked in advance because Windows reports opening a folder as a missing permission, and
    # because a pipe cannot be read twice.
    path.stat()  # raises FileNotFoundError, which is reported as such
    if path.is_dir():
        raise InputError(f"{path}: this is a folder, not a file")
    if not path.is_file():
        raise InputError(f"{path}: this is not a regular file: save it to disk first")


def _sniff(raw: BinaryIO, path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 0  # number of line ends before this chunk
    bad_utf8 = bad_cp1252 = 0  # the first bad line in each encoding; 0 if none so far
    chunk = raw.read(_CHUNK)
    marked = chunk.startswith(_UTF8_MARK)
    if chunk.startswith(_UTF16_MARKS):
        raise InputError(f"{path}: this file is UTF-16: {_ADVICE}")
    while chunk:
        if b"\0" in chunk:
            raise InputError(f"{path}: this is not a text file (it contains NUL bytes): {_ADVICE}")
        # ASCII is valid in both encodings, unless it interrupts a sequence from the last chunk.
        if not chunk.isascii() or decoder.getstate()[0]:
            bad_utf8 = bad_utf8 or _not_utf8(decoder, chunk, lines)
            bad_cp1252 = bad_cp1252 or _not_cp1252(chunk, lines)
        lines += chunk.count(b"\n")
        chunk = raw.read(_CHUNK)
    bad_utf8 = bad_utf8 or _not_utf8(decoder, b"", lines)
    if not bad_utf8:
        return "utf-8-sig" if marked else "utf-8"
    if marked:
        raise InputError(
            f"{path}: this file starts as UTF-8, but line {bad_utf8} is not: {_ADVICE}"
        )
    if bad_cp1252:
        raise InputError(
            f"{path}: this file is neither UTF-8 (see line {bad_utf8}) "
            f"nor Windows-1252 (see line {bad_cp1252}): {_ADVICE}"
        )
    return "cp1252"


def _not_utf8(decoder: codecs.IncrementalDecoder, chunk: bytes, lines: int) -> int:
    """The line of the first byte that is not UTF-8, or 0; an empty chunk ends the file."""
    try:
        decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError as error:
        # The bytes carried over from the last chunk contain no line end.
        return lines + error.object.count(b"\n", 0, error.start) + 1
    return 0


def _not_cp1252(chunk: bytes, lines: int) -> int:
    """The line of the first byte that cp1252 does not define, or 0."""
    undefined = _UNDEFINED.search(chunk)
    return lines + chunk.count(b"\n", 0, undefined.start()) + 1 if undefined else 0
