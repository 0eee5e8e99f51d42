"""Opens a text file whose encoding is unknown.

UTF-8 (with or without a byte order mark) is known from the bytes; anything else is looked at by
`guess`, or is what the user says. What stays doubtful is refused with what to do about it, rather
than read as gibberish.
"""

from __future__ import annotations

import codecs
from contextlib import contextmanager
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import InputError, not_a_file, read_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, Callable, TextIO

    # Finds the encoding of a text that is not UTF-8; "" where none is beyond doubt.
    Guess = Callable[[Path], str]

_CHUNK = 1 << 16
_UTF8_MARK = codecs.BOM_UTF8
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class TextFile:
    """What one pass over a text file has shown.

    Attributes:
        encoding: a name that `open` takes.
        quotes: whether it may hold a quotation mark.
        note: how the encoding was found, for the user; "" where it is UTF-8.
    """

    encoding: str
    quotes: bool
    note: str = ""


def examine(path: Path, encoding: str | None = None, guess: Guess | None = None) -> TextFile:
    """Find a text file's encoding by reading it once, in chunks.

    Args:
        path: a text file.
        encoding: its encoding where the user names it.
        guess: what finds an encoding that is neither UTF-8 nor UTF-16; None for the strict
            rules of devices.

    Returns:
        The encoding, by which all of the file can be decoded. Plain ASCII and an empty file are
        "utf-8"; "utf-8-sig" starts with a byte order mark.

    Raises:
        InputError: the file cannot be read, its encoding is doubtful, or it is not in the one
            that the user names.
    """
    with _read_errors(path):
        _refuse_non_file(path)
        if encoding is not None:
            from kd_edge_runtime.tables.reading.guess import as_named

            name, note = as_named(path, encoding)
            return TextFile(name, True, note)
        with path.open("rb") as raw:
            found = _utf8(raw)
        if isinstance(found, TextFile):
            return found
        from kd_edge_runtime.tables.reading.guess import not_utf8

        name, note = not_utf8(path, found, guess)
        return TextFile(name, True, note)


def open_text(path: Path, encoding: str | None = None) -> TextIO:
    r"""Open a text file in the encoding that it has.

    Args:
        path: a text file.
        encoding: its encoding where the user names it.

    Returns:
        A stream at the start of the text, after any byte order mark, with line ends as in the
        file (`newline=""`, as the csv module requires). Its `encoding` is the detected one.

    Raises:
        InputError: the file cannot be read, or its encoding is doubtful.
    """
    return open_as(path, examine(path, encoding))


def open_as(path: Path, found: TextFile) -> TextIO:
    """Open a text file that was examined.

    Raises:
        InputError: the file cannot be read.
    """
    with _read_errors(path):
        return path.open(encoding=found.encoding, newline="")


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    """Turn system errors into messages that name the file."""
    try:
        yield
    except OSError as error:
        raise read_error(path, error) from None
    except ValueError:  # a path with a NUL in it never reaches the system
        raise InputError(f"{str(path)!r} is not a possible file name") from None


def open_bytes(path: Path) -> BinaryIO:
    """Open a file that is no text.

    Raises:
        InputError: the file cannot be read.
    """
    with _read_errors(path):
        _refuse_non_file(path)
        return path.open("rb")


def _refuse_non_file(path: Path) -> None:
    # Checked in advance because Windows reports opening a folder as a missing permission, and
    # because a pipe cannot be read twice.
    wrong = not_a_file(path, path.stat().st_mode)  # where there is nothing, say so first
    if wrong:
        raise wrong


def _utf8(raw: BinaryIO) -> TextFile | int:
    """What a file is that is UTF-8; else its first line that is not, 0 where NULs are in it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 0  # line ends before this chunk
    quotes = False
    chunk = raw.read(_CHUNK)
    marked = chunk.startswith(_UTF8_MARK)
    if chunk.startswith(_UTF16_MARKS):
        return 0
    while chunk:
        if b"\0" in chunk:
            return 0
        quotes = quotes or b'"' in chunk
        # ASCII is right, unless it cuts off what the last chunk began.
        if not chunk.isascii() or decoder.getstate()[0]:
            bad = _line_not_utf8(decoder, chunk, lines)
            if bad:
                return bad
        lines += chunk.count(b"\n")
        chunk = raw.read(_CHUNK)
    return _line_not_utf8(decoder, b"", lines) or TextFile(
        "utf-8-sig" if marked else "utf-8", quotes
    )


def _line_not_utf8(decoder: codecs.IncrementalDecoder, chunk: bytes, lines: int) -> int:
    """The line of the first byte that is not UTF-8, or 0; an empty chunk ends the file."""
    try:
        decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError as error:
        # The bytes carried over from the last chunk contain no line end.
        return lines + error.object.count(b"\n", 0, error.start) + 1
    return 0
