"""Writes the rows of a wide table with the scores of all their items."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.reading.dialect import decimal_of, dialect_of, with_decimal, writable
from kd_edge_runtime.tables.wide_columns import totals
from kd_edge_runtime.tables.writing.lines import no_formula, quoter
from kd_edge_runtime.tables.writing.output import WIDE, destination
from kd_edge_runtime.tables.writing.safe_cells import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Callable

    from kd_edge_runtime.scorer import Score
    from kd_edge_runtime.tables.reading.rows import Table
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.wide_columns import WideColumns

    Write = Callable[[list[list[str]], Sequence[Sequence[Score]]], object]


@contextmanager
def wide_writer(
    request: Request, columns: WideColumns, added: Sequence[str], table: Table
) -> Iterator[Write]:
    """Opens the output; a file appears only when it has been written completely.

    Args:
        request: what to write, and where.
        columns: the table's columns.
        added: the names of the columns that scoring adds.
        table: the table, as which the scores are written.

    Yields:
        A function that writes rows, each with the scores of its items.
    """
    if request.output.suffix.lower() == ".parquet":
        raise InputError(f"{request.output}: {WIDE}")
    if request.output.suffix.lower() == ".xlsx":
        from kd_edge_runtime.tables.writing.xlsx_out import is_name, workbook

        names = [at in columns.texts or is_name(one) for at, one in enumerate(columns.header)]
        with workbook(request.output) as sheet:
            sheet.write([[sheet.text(name) for name in (*columns.header, *added)]])

            def write_cells(rows: list[list[str]], scores: Sequence[Sequence[Score]]) -> None:
                sheet.write(
                    [
                        [
                            *(sheet.cell(*pair) for pair in zip(fields, names)),
                            *(sheet.cell(field, False) for field in _fields(columns, own)),
                        ]
                        for fields, own in zip(rows, scores)
                    ]
                )

            yield write_cells
        return
    if request.as_json:
        from kd_edge_runtime.tables.writing.line_output import json_names

        keys = [*json_names(columns.header), *added]
        with destination(request.output) as file:

            def write_objects(rows: list[list[str]], scores: Sequence[Sequence[Score]]) -> None:
                for fields, own in zip(rows, scores):
                    row = dict(zip(keys, [*fields, *_values(columns, own)]))
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")

            yield write_objects
        return
    with _table_writer(request, columns, added, table) as write:
        yield write


@contextmanager
def _table_writer(
    request: Request, columns: WideColumns, added: Sequence[str], table: Table
) -> Iterator[Write]:
    """Writes delimited text in the dialect of the table."""
    classes = [name for place in columns.places for name in place.entry.classes]
    found = dialect_of(table, Path(request.responses), request.output, request.decimal)
    found = writable(found, [*added, *classes], request.quiet)
    decimal = found.decimal
    quote = quoter(found.delimiter) if found.quoted else str
    kept = (lambda field: quote(safe(field))) if request.safe_cells else quote
    with destination(request.output, found.encoding) as file:
        if found.names_delimiter:
            file.write(f"sep={found.delimiter}{found.line_end}")
        names = [*map(kept, columns.header), *(quote(no_formula(name)) for name in added)]
        file.write(found.delimiter.join(names) + found.line_end)

        def write(rows: list[list[str]], scores: Sequence[Sequence[Score]]) -> None:
            nonlocal decimal
            if not decimal:  # as the table's other columns have it
                others = [
                    [cell for at, cell in enumerate(fields) if at not in columns.texts]
                    for fields in rows
                ]
                decimal = decimal_of(others, -1, found.delimiter)
            for fields, own in zip(rows, scores):
                new = (quote(with_decimal(one, decimal)) for one in _fields(columns, own))
                file.write(found.delimiter.join([*map(kept, fields), *new]) + found.line_end)

        yield write


def _values(columns: WideColumns, scores: Sequence[Score]) -> list[object]:
    """What scoring adds to a row."""
    values: list[object] = []
    for score in scores:
        values += [score.predicted, round(score.expected, 4), round(score.confidence, 4)]
        values.append(score.flag)
    for total in totals(columns):
        predicted, expected = total(scores)
        values += [round(predicted, 6), round(expected, 4)]
    return values


def _fields(columns: WideColumns, scores: Sequence[Score]) -> list[str]:
    """The same as text, expected scores and confidences with four decimals."""
    fields = []
    for score in scores:
        fields += [no_formula(score.predicted), f"{score.expected:.4f}", f"{score.confidence:.4f}"]
        fields.append(score.flag)
    for total in totals(columns):
        predicted, expected = total(scores)
        fields += [f"{predicted:.6f}".rstrip("0").rstrip("."), f"{expected:.4f}"]
    return fields
