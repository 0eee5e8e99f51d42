"""How a table is written: as it was read, so that the program it came from opens the scores too."""

from __future__ import annotations

import codecs
import re

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import note

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from kd_edge_runtime.tables.reading.rows import Table

DECIMALS = (".", ",")

# Compiled where they are used: most tables are separated by commas, and need none of them.
_POINT = r"\s*[+-]?[0-9]+\.[0-9]+\s*%?\s*"
_COMMA = r"\s*[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+),[0-9]+\s*%?\s*"
_NUMBER = r"[+-]?[0-9]+[.,][0-9]+"


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes:
        delimiter: between two fields.
        encoding: a name that `open` takes; "utf-8-sig" begins with a byte order mark.
        line_end: after each row.
        decimal: "." or ","; "" for what the first rows show, see `decimal_of`.
        quoted: whether quotation marks enclose fields; if not, they are text.
        names_delimiter: whether the table begins with a line "sep=;", which tells Excel the
            delimiter.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    line_end: str = "\n"
    decimal: str = "."
    names_delimiter: bool = False
    quoted: bool = True


def dialect_of(table: Table, source: Path, output: Path, decimal: str | None) -> Dialect:
    """The dialect in which a table's scores are written.

    It is the table's own. The name of the output has the last word on the delimiter: tabs in a
    .tsv, and none in a .csv unless they were in one.

    Args:
        table: a table whose header has been read.
        source: its file, or '-'.
        output: the file to write, or '-'.
        decimal: "." or "," if the user says so.
    """
    delimiter, suffix = table.delimiter, output.suffix.lower()
    if suffix == ".tsv":
        delimiter = "\t"
    elif suffix == ".csv" and delimiter == "\t" and source.suffix.lower() != ".csv":
        delimiter = ","
    # Within commas, a decimal comma needs a quoted field and is easily a list: only if asked for.
    usual = "." if delimiter == "," else ""
    # A spreadsheet or a Parquet file has no way of its own to write fields with delimiters.
    as_read = table.kind == "text" and delimiter == table.delimiter
    return Dialect(
        delimiter,
        _codec(table.encoding),
        table.line_end,
        decimal or usual,
        table.names_delimiter and delimiter == table.delimiter,
        table.quoted or not as_read,
    )


def _codec(encoding: str) -> str:
    """An encoding to write text in; UTF-8 for what was no text, such as a spreadsheet."""
    try:
        codecs.lookup(encoding)
    except LookupError:
        return "utf-8"
    return encoding


def writable(dialect: Dialect, names: Iterable[str], quiet: bool) -> Dialect:
    """The dialect, with UTF-8 in place of an encoding that lacks what scoring adds.

    Args:
        dialect: how the table would be written.
        names: all texts that scoring adds.
        quiet: whether to print nothing on standard error.
    """
    try:
        "".join(names).encode(dialect.encoding)
    except UnicodeEncodeError:
        from dataclasses import replace  # slow to import, and seldom needed

        if not quiet:
            note(
                f"The bundle's names cannot be written in {dialect.encoding}, the table's "
                "encoding: the scores are written in UTF-8."
            )
        return replace(dialect, encoding="utf-8-sig")
    return dialect


def decimal_of(rows: Iterable[Sequence[str]], text: int, delimiter: str) -> str:
    """The decimal sign of a table that is not separated by commas.

    Args:
        rows: its first rows.
        text: the index of the responses, whose numbers are the students' own.
        delimiter: the table's.

    Returns:
        "," where a number has one. Without any decimals it is "," between semicolons, which
        spreadsheets write where numbers have a comma, and "." elsewhere.
    """
    is_point, is_comma = re.compile(_POINT).fullmatch, re.compile(_COMMA).fullmatch
    points = commas = 0
    for row in rows:
        for index, cell in enumerate(row):
            if index != text and cell:
                points += is_point(cell) is not None
                commas += is_comma(cell) is not None
    if commas:
        return ","
    return "," if delimiter == ";" and not points else "."


def with_decimal(name: str, decimal: str) -> str:
    """A class that is a number, such as 0.5, with the table's decimal sign; others as they are."""
    if re.fullmatch(_NUMBER, name):
        return name.replace(".", decimal).replace(",", decimal)
    return name
