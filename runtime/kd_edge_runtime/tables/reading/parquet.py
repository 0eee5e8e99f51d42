"""Reads a Parquet file, batch by batch."""

from __future__ import annotations

import json
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kd_edge_runtime.errors import InputError, Problem, TableError
from kd_edge_runtime.tables.reading.encoding import open_bytes
from kd_edge_runtime.tables.reading.json_rows import Nested
from kd_edge_runtime.tables.reading.rows import BATCH, Table
from kd_edge_runtime.tables.reading.sheets import needs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_COUNTING = "Rows are counted from 2, as if the columns' names were row 1."


class Row(list):  # type: ignore[type-arg]
    """The fields of a row as text, and where it is from.

    Attributes:
        batch: the record batch.
        at: the row's place in it.
    """

    __slots__ = ("at", "batch")

    def __init__(self, fields: Iterable[str], batch: Any, at: int) -> None:
        super().__init__(fields)
        self.batch = batch
        self.at = at


@contextmanager
def open_parquet(path: Path) -> Iterator[Table]:
    """Opens a Parquet file; numbers become text, nothing and not-a-number empty cells.

    Args:
        path: the file.

    Raises:
        InputError: the file cannot be read, or pyarrow is missing.
        TableError: it has no columns.
    """
    with open_bytes(path) as raw:
        try:
            import pyarrow as pa
            from pyarrow.parquet import ParquetFile
        except ImportError:
            raise needs(path, "pyarrow") from None
        try:
            file = ParquetFile(raw)
            header = file.schema_arrow.names
        except (pa.ArrowException, OSError, ValueError):
            raise _damaged(path) from None
        if not header:
            raise TableError(str(path), [Problem("the table has no columns")])
        table = Table(header, _rows(file, path, pa.ArrowException), str(path), quoted=False)
        table.kind, table.schema = "parquet", file.schema_arrow
        table.counting = _COUNTING
        table.nested = True
        yield table


def _damaged(path: Path) -> InputError:
    return InputError(f"{path}: this is not a whole Parquet file: write it again, or as CSV")


def _rows(file: Any, path: Path, wrong: type[Exception]) -> Iterator[list[str]]:
    batches = file.iter_batches(batch_size=BATCH)
    while True:
        try:
            batch = next(batches, None)
            if batch is None:
                return
            columns = [map(cell_text, column_values(column)) for column in batch.columns]
            rows = [Row(fields, batch, at) for at, fields in enumerate(zip(*columns))]
        except (wrong, OSError, ValueError):
            raise _damaged(path) from None
        yield from rows


def column_values(column: Any) -> list[Any]:
    """The values of a column of Arrow.

    What Python has no values for, such as days of the year 200,000 or a time zone that is not known
    here, is given as text, bytes or numbers.
    """
    import pyarrow as pa

    for kind in (None, pa.string(), pa.binary(), pa.int64()):
        try:
            values: list[Any] = (column if kind is None else column.cast(kind)).to_pylist()
            return values
        except (ArithmeticError, LookupError, OSError, ValueError, pa.ArrowException):
            continue
    return [[]] * len(column)  # nothing that is a text


def cell_text(value: object) -> str:
    """A value of a column as a cell of text; nothing and not-a-number are empty."""
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:  # which would hold them, and they may be a response
            return Nested(value.hex())
    if isinstance(value, (list, dict)):
        return Nested(json.dumps(value, ensure_ascii=False, default=str))
    return str(value)
