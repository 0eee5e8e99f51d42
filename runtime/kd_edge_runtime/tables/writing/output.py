"""Writes scored rows as CSV, TSV, JSON or explanations."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import WRITABLE, InputError
from kd_edge_runtime.files import atomic_write, refuse_protected
from kd_edge_runtime.tables.columns import machine_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO, Callable

    from kd_edge_runtime.bundle.manifest import ItemEntry, Manifest
    from kd_edge_runtime.scorer import Score, Scorer
    from kd_edge_runtime.tables.reading.rows import Table
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.score_rows import Columns, Scored

    Write = Callable[[list[Scored]], object]

# Endings of table formats that are not written.
_NOT_TABLES = (".xls", ".ods", ".parquet", ".pdf", ".doc", ".docx", ".odt", ".html")


def check_output(request: Request) -> None:
    """Refuses outputs that cannot be written, and names whose ending stands for another format.

    Raises:
        InputError: the ending stands for another format, or a file there is read-only.
    """
    output = request.output
    if str(output) != "-":
        refuse_protected(output)
    suffix = output.suffix.lower()
    if request.gradebook and (request.as_json or request.explain or suffix in (".tsv", ".xlsx")):
        raise InputError(
            "--format writes the CSV that a gradebook imports: leave out --json and --explain, and "
            "choose a name that ends in .csv"
        )
    if suffix in _NOT_TABLES:
        raise InputError(
            f"{output}: scores are written as CSV, TSV or .xlsx: choose a name that ends in .csv, "
            ".tsv or .xlsx"
        )
    if suffix in (".json", ".jsonl", ".ndjson") and not request.as_json:
        raise InputError(f"{output}: add --json, which writes one JSON object per row")
    if request.as_json and suffix == ".xlsx":
        raise InputError(f"{output}: JSON is not a workbook: choose a name that ends in .jsonl")
    if request.explain and suffix in (".csv", ".tsv", ".xlsx"):
        raise InputError(
            f"{output}: explanations are not a table: choose a name that ends in "
            + (".jsonl" if request.as_json else ".txt, or add --json for one JSON object per row")
        )


def quoter(delimiter: str) -> Callable[[str], str]:
    r"""A function that quotes a field if necessary, as the csv module does but faster.

    Lines end in \n; a field with a lone \r is quoted too, as readers would split it otherwise.
    """

    def quoted(field: str) -> str:
        if '"' in field:
            field = field.replace('"', '""')
        elif delimiter not in field and "\n" not in field and "\r" not in field:
            return field
        return f'"{field}"'

    return quoted


def machine_text(
    entry: ItemEntry,
    classes: Sequence[str],
    delimiter: str,
    line_end: str = "\n",
    decimal: str = ".",
) -> Callable[[Score], str]:
    """A function that formats the added fields after `predicted`, from a score.

    The fields are blank for the classes of other items. Each has a delimiter before it, and the
    last is followed by the end of the row.
    """
    indices = [entry.classes.index(name) if name in entry.classes else -1 for name in classes]
    quote = '"' if decimal == delimiter else ""
    formats = ["" if index < 0 else f"{quote}%.6f{quote}" for index in indices]
    mean = f"{quote}%.4f{quote}"
    template = delimiter.join(["", mean, mean, "%s", *formats]) + line_end
    order = [index for index in indices if index >= 0]
    if order == sorted(order):

        def text(score: Score) -> str:
            return template % (score.expected, score.confidence, score.flag, *score.probabilities)

    else:

        def text(score: Score) -> str:
            shares = (score.probabilities[index] for index in order)
            return template % (score.expected, score.confidence, score.flag, *shares)

    if decimal == ".":
        # Loaded where the core scores.
        core = sys.modules.get("kd_edge_core")
        if hasattr(core, "row") and order == [*range(len(entry.classes))]:
            row = core.row  # type: ignore[union-attr]
            marked = delimiter.join(["", *("\0" * 3), *("\0" * (at >= 0) for at in indices)])
            parts = (*(part.encode() for part in (marked + line_end).split("\0")),)
            return lambda score: row(parts, score) or text(score)
        return text
    # The flags have no points, and a delimiter that is one is not written with commas.
    return lambda score: text(score).replace(".", decimal)


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
    if request.as_json or request.explain:
        from kd_edge_runtime.tables.writing import line_output

        with destination(output) as file:
            if request.as_json:
                yield line_output.json_writer(request, scorer, columns, added, file)
            else:
                yield line_output.explanation_writer(scorer, columns, file)
        return
    with _table_writer(request, columns, manifest, classes, added, table) as write:
        yield write


@contextmanager
def _table_writer(
    request: Request,
    columns: Columns,
    manifest: Manifest,
    classes: Sequence[str],
    added: Sequence[str],
    table: Table | None,
) -> Iterator[Write]:
    """Writes rows with the fields that scoring adds, in the dialect of the table."""
    delimiter, encoding, line_end, decimal = ",", "utf-8", "\n", request.decimal or "."
    names_delimiter, quoted = False, True
    if table is not None and not _is_plain(request, table):
        from kd_edge_runtime.tables.reading.dialect import dialect_of, writable

        found = dialect_of(table, Path(request.responses), request.output, request.decimal)
        found = writable(found, [*added, *classes], request.quiet)
        delimiter, encoding, line_end = found.delimiter, found.encoding, found.line_end
        decimal, names_delimiter, quoted = found.decimal, found.names_delimiter, found.quoted
    elif request.output.suffix.lower() == ".tsv":
        delimiter = "\t"
    quote = kept = quoter(delimiter) if quoted else str
    if request.safe_cells:
        from kd_edge_runtime.tables.writing.safe_cells import safe

        kept = lambda field: quote(safe(field))  # noqa: E731
    formatters: dict[str, Callable[[Score], str]] = {}
    predicted: dict[str, str] = {}
    with destination(request.output, encoding) as file:
        if names_delimiter:
            file.write(f"sep={delimiter}{line_end}")
        names = [*map(kept, columns.header), *(quote(no_formula(name)) for name in added)]
        file.write(delimiter.join(names) + line_end)

        def write(batch: list[Scored]) -> None:
            nonlocal decimal
            if not predicted:
                shown = classes
                if decimal != ".":
                    from kd_edge_runtime.tables.reading.dialect import decimal_of, with_decimal

                    rows = (scored.fields for scored in batch)
                    decimal = decimal or decimal_of(rows, columns.text, delimiter)
                    shown = [with_decimal(name, decimal) for name in classes]
                for name, own in zip(classes, shown):
                    predicted[name] = delimiter + quote(no_formula(own))
            for item_id in {scored.item_id for scored in batch} - {*formatters}:
                formatters[item_id] = machine_text(
                    manifest.item(item_id), classes, delimiter, line_end, decimal
                )
            lines = [
                delimiter.join(map(kept, fields))
                + predicted[score.predicted]
                + formatters[item_id](score)
                for fields, item_id, score in batch
            ]
            file.write("".join(lines))

        yield write


def _is_plain(request: Request, table: Table) -> bool:
    """Whether a table is written with commas and points, in UTF-8, a line feed after each row."""
    return (
        (table.delimiter, table.encoding, table.line_end) == (",", "utf-8", "\n")
        and table.quoted
        and not table.names_delimiter
        and request.decimal in (None, ".")
        and request.output.suffix.lower() != ".tsv"
    )


def no_formula(name: str) -> str:
    """A name from the bundle that no spreadsheet takes for a formula."""
    if name[:1].isalnum():
        return name
    from kd_edge_runtime.tables.writing.safe_cells import safe

    return safe(name)


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
