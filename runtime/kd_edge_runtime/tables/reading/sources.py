"""Opens a file of responses, whatever its format: the one way in, on devices and in the workshop.

Text tables are read here; the readers of other formats are imported where one is met.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.reading.encoding import examine, open_as
from kd_edge_runtime.tables.reading.header import usual_delimiter
from kd_edge_runtime.tables.reading.rows import open_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from kd_edge_runtime.tables.reading.encoding import Guess
    from kd_edge_runtime.tables.reading.rows import Table

# How the names of files end that hold no delimited text.
JSON_LINES = (".jsonl", ".ndjson")
OTHERS = (*JSON_LINES, ".json", ".xlsx", ".xlsm", ".ods", ".parquet")


@dataclass(frozen=True)
class Reading:
    """How to read a file, as far as the user says.

    Attributes:
        encoding: of a text; None to find it.
        sheet: of a spreadsheet; None for the first that is not empty.
        quoting: "none", "double" or "auto"; see `rows.open_table`.
        has_header: whether the first row holds the columns' names.
    """

    encoding: str | None = None
    sheet: str | None = None
    quoting: str = "auto"
    has_header: bool = True


_AS_FOUND = Reading()


@contextmanager
def open_source(
    path: Path, reading: Reading = _AS_FOUND, guess: Guess | None = None
) -> Iterator[Table]:
    """Opens a table.

    Args:
        path: delimited text, or a file whose name ends in one of `OTHERS`.
        reading: what the user says about it.
        guess: finds encodings, as `encoding.examine` takes it.

    Yields:
        The table, whose rows can be read while it is open; its notes say what was guessed.

    Raises:
        TableError: the table is empty, or its header cannot be read.
        InputError: the file cannot be read at all.
    """
    suffix = path.suffix.lower()
    if suffix == ".xls":
        raise InputError(f"{path}: .xls is not read: save it as .xlsx, or as 'CSV UTF-8'")
    if suffix in OTHERS:
        with _other(path, suffix, reading, guess) as table:
            yield table
        return
    found = examine(path, reading.encoding, guess)
    with open_as(path, found) as stream:
        usual = usual_delimiter(suffix)
        table = open_table(stream, str(path), usual, reading.has_header, reading.quoting)
        if reading.quoting == "auto" and found.quotes and table.quoted and table.delimiter in "\t|":
            from kd_edge_runtime.tables.reading.quoting import quotes_are_text

            stream.seek(0)
            texts = quotes_are_text(stream, len(table.header), table.delimiter)
            stream.seek(0)
            quoting = "none" if texts else "auto"
            table = open_table(stream, str(path), usual, reading.has_header, quoting)
            if texts:
                table.notes.append("no field is quoted: quotation marks kept as they are")
        table.encoding = found.encoding
        if found.note:
            table.notes.insert(0, found.note)
        yield table


def _other(
    path: Path, suffix: str, reading: Reading, guess: Guess | None
) -> AbstractContextManager[Table]:
    if suffix in JSON_LINES:
        from kd_edge_runtime.tables.reading.json_rows import open_json_lines

        return open_json_lines(path, examine(path, reading.encoding, guess))
    if suffix == ".json":
        from kd_edge_runtime.tables.reading.json_rows import open_json

        return open_json(path, examine(path, reading.encoding, guess))
    if suffix == ".parquet":
        from kd_edge_runtime.tables.reading.parquet import open_parquet

        return open_parquet(path)
    if suffix == ".ods":
        from kd_edge_runtime.tables.reading.ods import open_ods

        return open_ods(path, reading.sheet, reading.has_header)
    from kd_edge_runtime.tables.reading.xlsx import open_xlsx

    return open_xlsx(path, reading.sheet, reading.has_header)
