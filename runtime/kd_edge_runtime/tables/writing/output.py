"""Writes scored rows as CSV, TSV, JSON or explanations."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import WRITABLE, InputError
from kd_edge_runtime.files import atomic_write, refuse_protected
from kd_edge_runtime.tables.columns import machine_header
from kd_edge_runtime.tables.writing.lines import LineWriter, Style, no_formula, quoter, quoting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO, Callable

    from kd_edge_runtime.scorer import Scorer
    from kd_edge_runtime.tables.reading.rows import Table
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.score_rows import Columns, Scored

    Write = Callable[[list[Scored]], object]

# Endings of table formats that are not written.
_NOT_TABLES = (".xls", ".ods", ".pdf", ".doc", ".docx", ".odt", ".html")

_TYPED = (".xlsx", ".parquet")

WIDE = "a wide table is not written as Parquet: choose a name that ends in .csv, .tsv or .xlsx"


def check_output(request: Request) -> None:
    """Refuses outputs that cannot be written, and names whose ending stands for another format.

    Raises:
        InputError: the ending stands for another format, or a file there is read-only.
    """
    output = request.output
    if str(output) != "-":
        refuse_protected(output)
    suffix = output.suffix.lower()
    if request.gradebook and (request.as_json or request.explain or suffix in (".tsv", *_TYPED)):
        raise InputError(
            "--format writes the CSV that a gradebook imports: leave out --json and --explain, and "
            "choose a name that ends in .csv"
        )
    if suffix in _NOT_TABLES:
        raise InputError(
            f"{output}: scores are written as CSV, TSV, .xlsx or .parquet: choose a name that ends "
            "in .csv, .tsv, .xlsx or .parquet"
        )
    if suffix in (".json", ".jsonl", ".ndjson") and not request.as_json:
        raise InputError(f"{output}: add --json, which writes one JSON object per row")
    if request.as_json and suffix in _TYPED:
        what = "a workbook" if suffix == ".xlsx" else "Parquet"
        raise InputError(f"{output}: JSON is not {what}: choose a name that ends in .jsonl")
    if request.wide and suffix == ".parquet":
        raise InputError(f"{output}: {WIDE}")
    if request.explain and suffix in (".csv", ".tsv", *_TYPED):
        raise InputError(
            f"{output}: explanations are not a table: choose a name that ends in "
            + (".jsonl" if request.as_json else ".txt, or add --json for one JSON object per row")
        )


@contextmanager
def writer(
    request: Request, scorer: Scorer, columns: Columns, source: str, table: Table | None = None
) -> Iterator[Write]:
    """Opens the output; a file appears only when it has been written completely.

    Args:
        request: what to write, and where.
        scorer: the scorer.
        columns: the table's columns.
        source: the table's name in messages.
        table: the table, as whose scores are written; None for a single response.

    Yields:
        A function that writes a batch of scored rows.

    Raises:
        InputError: the output cannot be written; or a gradebook is asked for, and the table does
            not say whose the responses are.
        TableError: the table already has a column of a name that scoring adds.
    """
    prefix, output = request.prefix, request.output
    manifest = scorer.bundle.manifest
    used = manifest.items if columns.item_id is None else (manifest.item(columns.item_id),)
    if request.gradebook:
        from kd_edge_runtime.tables.writing.gradebook import grades_of

        quote = quoter(",")
        with destination(output) as file:
            line = lambda row: file.write(",".join(map(quote, row)) + "\n")  # noqa: E731
            with grades_of(request, columns, used, source, line) as write:
                yield write
        return
    classes = manifest.classes if columns.item_id is None else [*used[0].classes]
    added = machine_header(classes, columns.header, prefix, source)
    if output.suffix.lower() == ".xlsx":
        from kd_edge_runtime.tables.writing.xlsx_out import xlsx_writer

        with xlsx_writer(output, columns, added, used, classes) as write:
            yield write
        return
    if output.suffix.lower() == ".parquet":
        from kd_edge_runtime.tables.writing.parquet_out import parquet_writer

        with parquet_writer(output, columns, added, used, classes, table) as write:
            yield write
        return
    style, encoding, above = Style(), "utf-8", ""
    if not (request.as_json or request.explain):
        style, encoding, above = _table_style(request, classes, added, table)
    with destination(output, encoding) as file:
        if style.delimiter:
            kept = quoting(request, style)[1]
            names = [*map(kept, columns.header)]
            names += (quoting(request, style)[0](no_formula(name)) for name in added)
            file.write(above + style.delimiter.join(names) + style.line_end)
        yield LineWriter(request, scorer, columns, style, file)


def _table_style(
    request: Request, classes: Sequence[str], added: Sequence[str], table: Table | None
) -> tuple[Style, str, str]:
    """The style of a table, its encoding, and what is written above its header."""
    if table is None or _is_plain(request, table):
        delimiter = "\t" if request.output.suffix.lower() == ".tsv" else ","
        return Style(delimiter, "\n", request.decimal or "."), "utf-8", ""
    from kd_edge_runtime.tables.reading.dialect import dialect_of, writable

    found = dialect_of(table, Path(request.responses), request.output, request.decimal)
    found = writable(found, [*added, *classes], request.quiet)
    style = Style(found.delimiter, found.line_end, found.decimal, found.quoted)
    above = f"sep={found.delimiter}{found.line_end}" if found.names_delimiter else ""
    return style, found.encoding, above


def _is_plain(request: Request, table: Table) -> bool:
    """Whether a table is written with commas and points, in UTF-8, a line feed after each row."""
    return (
        (table.delimiter, table.encoding, table.line_end) == (",", "utf-8", "\n")
        and table.quoted
        and not table.names_delimiter
        and request.decimal in (None, ".")
        and request.output.suffix.lower() != ".tsv"
    )


def written_to(output: Path) -> str:
    """A sentence that says where the scores were written; "" for standard output."""
    return "" if str(output) == "-" else f"Written to {output}."


@contextmanager
def destination(output: Path, encoding: str = "utf-8") -> Iterator[IO[str]]:
    """Opens a file that appears when it has been written completely; '-' is standard output.

    On a terminal, control characters, which could steer it, are spelt out.
    """
    if str(output) != "-":
        with atomic_write(output, encoding=encoding, private=True) as file:
            yield file
        return
    # The same bytes as in a file, whatever the terminal's settings.
    if sys.stdout.isatty():
        from kd_edge_runtime.system.terminal import Terminal

        sys.stdout.reconfigure(errors=WRITABLE)  # type: ignore[union-attr]
        yield Terminal(sys.stdout)  # type: ignore[misc]  # typeshed tells TextIOBase from IO
    else:
        sys.stdout.reconfigure(encoding=encoding, errors=WRITABLE, newline="")  # type: ignore[union-attr]
        yield sys.stdout
    sys.stdout.flush()
