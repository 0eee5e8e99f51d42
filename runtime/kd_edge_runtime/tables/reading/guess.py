"""The encoding of a text that is not UTF-8: as the user names it, or beyond doubt.

Imported only where a file needs it.
"""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TYPE_CHECKING

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.suggestions import did_you_mean
from kd_edge_runtime.tables.reading.letters import WESTERN, Letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kd_edge_runtime.tables.reading.encoding import Guess

_CHUNK = 1 << 16
ADVICE = "save as UTF-8 CSV (in a spreadsheet: Save As, 'CSV UTF-8')"
_HOW = f"name it, as in --encoding cp1251, or {ADVICE}"

# What a mistyped name may have meant.
NAMES = (
    *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii", "latin-1", "mac-roman"),
    *(f"cp{page}" for page in (437, 850, 852, 866, 874, 932, 936, 949, 950, *range(1250, 1259))),
    *(f"iso-8859-{part}" for part in range(1, 17) if part != 12),
    *(f"windows-{page}" for page in range(1250, 1259)),
    *("gbk", "gb2312", "gb18030", "big5", "shift-jis", "euc-jp", "euc-kr", "koi8-r", "koi8-u"),
    *("mac-latin2", "mac-cyrillic", "mac-greek", "mac-turkish", "iso-2022-jp", "tis-620"),
)
# As programs and people call them, where Python does not.
_ALSO = {"ansi": "cp1252", "mac": "mac-roman", "macintosh": "mac-roman", "sjis": "shift-jis"}
# Python calls these encodings of text too; no table is in them.
_NONE = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
# How files begin that are no text, whatever their names end in, and what to do with them.
_OTHER_FILES = (
    (
        b"PK\3\4",
        "a zip or a spreadsheet, not text: end its name in .xlsx or .ods if it is one",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "an old .xls, or a spreadsheet with a password: save it as .xlsx without one",
    ),
    (b"\x1f\x8b", "compressed by gzip: unpack it first"),
    (b"\xfd7zXZ\0", "compressed by xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd: unpack it first"),
    (b"PAR1", "a Parquet file: end its name in .parquet"),
    (b"%PDF-", "a PDF, not text: save what it was made from as text, or a table as CSV"),
)


def codec_name(name: str) -> str:
    """What Python calls an encoding.

    Args:
        name: as the user calls it.

    Raises:
        InputError: there is no such encoding of text.
    """
    plain = name.strip().lower()
    try:
        found = codecs.lookup(_ALSO.get(plain, plain))
    except (LookupError, ValueError):  # ValueError: a NUL in it
        found = None
    if (
        found is None
        or found.name.replace("-", "_") in _NONE
        or not getattr(found, "_is_text_encoding", True)
    ):
        near = did_you_mean(name, NAMES)
        raise InputError(
            f"there is no encoding '{name}' (--encoding){near or ': it is named like cp1251'}"
        )
    return found.name


def as_named(path: Path, name: str) -> tuple[str, str]:
    """Checks that a file is in the encoding that the user names.

    Returns:
        The encoding's name for `open`, and a note for the user, or "".

    Raises:
        InputError: there is no such encoding, or the file is not in it.
    """
    encoding = codec_name(name)
    with path.open("rb") as raw:
        start = raw.read(4)
    for mark, marked in _MARKS:
        # "utf-8" is said of files with a mark, too; it is no part of the first name.
        if start.startswith(mark) and marked.startswith(encoding[:6]):
            encoding = marked
            break
    also_utf8 = _check(path, encoding, name)
    note = ""
    if also_utf8 and not encoding.startswith("utf"):
        note = f"read as {name}, as you say, but it is valid UTF-8: are its letters right?"
    return encoding, note


def not_utf8(path: Path, bad_line: int, guess: Guess | None) -> tuple[str, str]:
    """Finds the encoding of a text that is not UTF-8.

    Args:
        path: the file.
        bad_line: its first line that is not UTF-8; 0 where it holds NUL bytes or the mark of
            UTF-16.
        guess: what finds other encodings than UTF-16 and, where its letters are plain, cp1252.

    Returns:
        The encoding's name for `open`, and a note for the user.

    Raises:
        InputError: the file is no text, or its encoding is doubtful.
    """
    with path.open("rb") as raw:
        start = raw.read(_CHUNK)
    for first, what in _OTHER_FILES:
        if start.startswith(first):
            raise InputError(f"{path}: this is {what}")
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    if not bad_line:
        encoding = marked or _unmarked_utf16(start)
        if not encoding.startswith("utf-"):
            raise InputError(f"{path}: this is not a text file (it contains NUL bytes): {ADVICE}")
        _check(path, encoding, encoding)
        return encoding, f"encoding {encoding}"
    if marked:
        raise InputError(f"{path}: this file starts as UTF-8, but line {bad_line} is not: {ADVICE}")
    if _nearly_utf8(path):
        raise InputError(
            f"{path}: this file is UTF-8, but line {bad_line} is damaged: mend that line, or {_HOW}"
        )
    if is_western(path):
        return "cp1252", "encoding cp1252 (not UTF-8)"
    encoding = guess(path) if guess else ""
    if not encoding:
        raise InputError(
            f"{path}: its encoding is doubtful: it is not UTF-8 (see line {bad_line}), "
            f"nor plainly Windows-1252: {_HOW}"
        )
    return encoding, f"encoding {encoding}, judged by its letters (--encoding names another)"


def is_western(path: Path) -> bool:
    """Whether a file is cp1252 beyond doubt: its letters are those of a Western language."""
    letters = Letters()
    try:
        with path.open(encoding="cp1252", newline="") as stream:
            for line in stream:
                letters.add(line)
    except UnicodeDecodeError:
        return False
    return letters.plausible(WESTERN)


def _check(path: Path, encoding: str, name: str) -> bool:
    """Whether a file that is in an encoding is UTF-8 with more than ASCII, too.

    Raises:
        InputError: it is not in the encoding; with the line.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    lines, ascii_only = 0, True
    for chunk in _chunks(path):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeError as error:
            start = getattr(error, "start", 0)
            before = getattr(error, "object", b"")[:start].decode(encoding, "ignore")
            at = lines + before.count("\n") + 1
            raise InputError(f"{path}: line {at} is not {name}: {_HOW}") from None
        if "\0" in text:
            at = lines + text[: text.index("\0")].count("\n") + 1
            raise InputError(f"{path}: line {at} is not {name}: it holds NUL characters")
        lines += text.count("\n")
        ascii_only = ascii_only and chunk.isascii()
        try:
            if utf8:
                utf8.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            utf8 = None
    return utf8 is not None and not ascii_only


def _chunks(path: Path) -> Iterator[bytes]:
    """A file's bytes, and b"" at its end."""
    with path.open("rb") as raw:
        chunk = raw.read(_CHUNK)
        while chunk:
            yield chunk
            chunk = raw.read(_CHUNK)
    yield b""


def _unmarked_utf16(start: bytes) -> str:
    """UTF-16 without its mark, where a line's end and all other characters say so."""
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(start)
        except UnicodeDecodeError:
            continue
        # The other way round, a line's end is no character, and a space is one nobody types.
        plain = ("\n" in text or "\r" in text) and "\0" not in text
        if plain and all(char.isprintable() or char in "\r\n\t\xa0\u3000" for char in text):
            return encoding
    return ""


def _nearly_utf8(path: Path) -> bool:
    """Whether nearly all that is not ASCII is UTF-8: then no other encoding is meant."""
    whole = damaged = 0
    with path.open(encoding="utf-8", errors="replace", newline="") as stream:
        for line in stream:
            if not line.isascii():
                damaged += line.count("\N{REPLACEMENT CHARACTER}")
                whole += sum(not char.isascii() for char in line)
    return damaged * 3 <= whole - damaged
