"""Writes scores as Parquet, row group by row group; the table's own columns keep their types."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.tables.columns import class_places
from kd_edge_runtime.tables.reading.parquet import Row
from kd_edge_runtime.tables.reading.sheets import needs
from kd_edge_runtime.tables.writing.line_output import json_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.scorer import Score
    from kd_edge_runtime.tables.reading.rows import Table
    from kd_edge_runtime.tables.score_rows import Columns, Scored
    from kd_edge_runtime.tables.writing.output import Write

# Rows of a row group: enough to pack well, few enough to be in memory.
GROUP = 50_000
# Of the columns that scoring adds; the others are numbers.
TEXTS = (0, 3)


def score_columns(
    scored: Sequence[tuple[str, Score]], items: dict[str, ItemEntry], classes: Sequence[str]
) -> list[list[Any]]:
    """The values of the columns that scoring adds, rounded as in JSON.

    Args:
        scored: the item and the score of each of N responses.
        items: the items by name.
        classes: the classes, each of which gets a column of probabilities.

    Returns:
        [4 + classes][N]: texts for the first and the fourth, numbers for the others, with None
        where an item does not have a class.
    """
    places = {name: class_places(entry.classes, classes) for name, entry in items.items()}
    rows = [
        (
            *(score.predicted, round(score.expected, 4), round(score.confidence, 4), score.flag),
            *(None if at is None else round(score.probabilities[at], 6) for at in places[item]),
        )
        for item, score in scored
    ]
    return [[*column] for column in zip(*rows)] if rows else [[] for _ in range(4 + len(classes))]


@contextmanager
def parquet_writer(
    output: Path,
    columns: Columns,
    added: Sequence[str],
    used: Sequence[ItemEntry],
    classes: Sequence[str],
    table: Table | None,
) -> Iterator[Write]:
    """Opens a Parquet file, which appears when it has been written completely.

    Args:
        output: the file.
        columns: the table's columns.
        added: the names of the columns that scoring adds.
        used: the items that the rows answer.
        classes: the classes, each of which gets a column of probabilities.
        table: the table; the columns of a Parquet file keep their types, others are texts.

    Yields:
        A function that writes a batch of scored rows.

    Raises:
        InputError: the file cannot be written, or pyarrow is missing.
    """
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        raise needs(output, "pyarrow", doing="writing") from None
    own: Any = None if table is None else table.schema
    if own is None:
        own = pa.schema([(name, pa.string()) for name in json_names(columns.header)])
    kinds = [pa.string() if at in TEXTS else pa.float64() for at in range(len(added))]
    schema = own
    for pair in zip(added, kinds):
        schema = schema.append(pa.field(*pair))
    items = {entry.item_id: entry for entry in used}
    waiting: list[Any] = []

    def of(batch: list[Scored]) -> Any:
        new = score_columns([(one.item_id, one.score) for one in batch], items, classes)
        arrays = [pa.array(values, kind) for values, kind in zip(new, kinds)]
        return pa.Table.from_arrays([*_own(batch, own, pa), *arrays], schema=schema)

    with (
        atomic_write(output, binary=True, private=True) as file,
        ParquetWriter(file, schema) as target,
    ):

        def flush() -> None:
            if waiting:
                target.write_table(pa.concat_tables(waiting), row_group_size=GROUP)
                waiting.clear()

        def write(batch: list[Scored]) -> None:
            waiting.append(of(batch))
            if sum(one.num_rows for one in waiting) >= GROUP:
                flush()

        try:
            yield write
            flush()
        except pa.ArrowException as error:
            raise InputError(f"{output}: cannot be written ({type(error).__name__})") from None


def _own(batch: list[Scored], schema: Any, pa: Any) -> list[Any]:
    """The table's own columns of a batch."""
    if not isinstance(batch[0].fields, Row):
        return [pa.array(column, pa.string()) for column in zip(*(one.fields for one in batch))]
    parts = []
    for _, rows in groupby((one.fields for one in batch), key=lambda row: id(row.batch)):  # type: ignore[attr-defined]
        of_one = [*rows]
        parts.append(of_one[0].batch.take(pa.array([row.at for row in of_one])))  # type: ignore[attr-defined]
    return list(pa.Table.from_batches(parts, schema=schema).columns)
