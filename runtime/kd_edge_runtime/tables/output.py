"""Writes scored rows as CSV, TSV, JSON or explanations."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import WRITABLE, InputError, Problem, TableError
from kd_edge_runtime.files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import IO, Callable

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.scorer import Score, Scorer
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.score_rows import Columns, Scored

    Write = Callable[[list[Scored]], object]

MACHINE_COLUMNS = ("predicted", "expected", "confidence", "flag")

# Endings of table formats that are not written.
_NOT_TABLES = (".xls", ".ods", ".parquet")


def check_output(request: Request) -> None:
    """Refuses output names whose ending stands for another format.

    Raises:
        InputError: the ending stands for another format.
    """
    output = request.output
    suffix = output.suffix.lower()
    if suffix in _NOT_TABLES:
        raise InputError(
            f"{output}: scores are written as CSV, TSV or .xlsx: choose a name that ends in .csv, "
            ".tsv or .xlsx"
        )
    if request.as_json and suffix == ".xlsx":
        raise InputError(f"{output}: JSON is not a workbook: choose a name that ends in .jsonl")
    if request.explain and suffix in (".csv", ".tsv", ".xlsx"):
        raise InputError(
            f"{output}: explanations are not a table: choose a name that ends in "
            + (".jsonl" if request.as_json else ".txt, or add --json for one JSON object per row")
        )


def machine_header(
    classes: Sequence[str], header: Sequence[str], prefix: str, source: str
) -> list[str]:
    """The names of the columns that scoring adds.

    Args:
        classes: the classes, each of which gets a column of probabilities.
        header: the table's own columns.
        prefix: prepended to each name.
        source: the table's name in messages.

    Raises:
        TableError: the table already has a column of one of these names.
    """
    names = [prefix + name for name in MACHINE_COLUMNS]
    names += [f"{prefix}p_{name}" for name in classes]
    problems = [
        Problem("the table already has a column of this name", 1, name)
        for name in names
        if name in header
    ]
    if problems:
        hint = "Give the added columns a prefix, for example --prefix m_"
        raise TableError(source, problems, hint)
    return names


def all_classes(entries: Iterable[ItemEntry]) -> list[str]:
    """The classes of several items without duplicates, in the order of the items."""
    return list(dict.fromkeys(name for entry in entries for name in entry.classes))


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
    entry: ItemEntry, classes: Sequence[str], delimiter: str
) -> Callable[[Score], str]:
    """A function that formats the added fields after `predicted`, from a score.

    The fields are blank for the classes of other items. Each has a delimiter before it, and the
    last is followed by the end of the row.
    """
    indices = [entry.classes.index(name) if name in entry.classes else -1 for name in classes]
    formats = ["" if index < 0 else "%.6f" for index in indices]
    template = delimiter.join(["", "%.4f", "%.4f", "%s", *formats]) + "\n"
    order = [index for index in indices if index >= 0]
    if order == sorted(order):
        return lambda score: (
            template % (score.expected, score.confidence, score.flag, *score.probabilities)
        )
    return lambda score: (
        template
        % (
            *(score.expected, score.confidence, score.flag),
            *(score.probabilities[index] for index in order),
        )
    )


@contextmanager
def writer(request: Request, scorer: Scorer, columns: Columns, source: str) -> Iterator[Write]:
    """Opens the output; a file appears only when it has been written completely.

    Args:
        request: what to write, and where.
        scorer: the scorer.
        columns: the table's columns.
        source: the table's name in messages.

    Yields:
        A function that writes a batch of scored rows.

    Raises:
        TableError: the table already has a column of a name that scoring adds.
    """
    prefix, output = request.prefix, request.output
    entries = {entry.item_id: entry for entry in scorer.bundle.manifest.items}
    used = entries.values() if columns.item_id is None else [entries[columns.item_id]]
    classes = all_classes(used)
    added = machine_header(classes, columns.header, prefix, source)
    if output.suffix.lower() == ".xlsx":
        from kd_edge_runtime.tables.xlsx_out import xlsx_writer

        with xlsx_writer(output, columns, added, [*used], classes) as write:
            yield write
        return
    if request.explain:
        from kd_edge_runtime.tables.explanations import blocks, why
    with destination(output) as file:
        if request.as_json:
            names = _json_names(columns.header)

            def write(batch: list[Scored]) -> None:
                for fields, item_id, score in batch:
                    row: dict[str, object] = dict(zip(names, fields))
                    entry = entries[item_id]
                    row.update(_json_fields(score, added, entry.classes, prefix))
                    if request.explain:
                        explanation = scorer.explain(fields[columns.text], item_id)
                        row[f"{prefix}why"] = why(explanation, entry)
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")

        elif request.explain:
            total = 0

            def write(batch: list[Scored]) -> None:
                nonlocal total
                file.writelines(blocks(scorer, columns, batch, total))
                total += len(batch)

        else:
            delimiter = "\t" if output.suffix.lower() == ".tsv" else ","
            quote = quoter(delimiter)
            formatters = {entry.item_id: machine_text(entry, classes, delimiter) for entry in used}
            file.write(delimiter.join(map(quote, [*columns.header, *added])) + "\n")

            def write(batch: list[Scored]) -> None:
                rows = [
                    delimiter.join(map(quote, [*fields, score.predicted]))
                    + formatters[item_id](score)
                    for fields, item_id, score in batch
                ]
                file.write("".join(rows))

        yield write


def _json_names(header: Sequence[str]) -> list[str]:
    """The columns' names; if several columns have none, those are numbered."""
    several_blank = [name.strip() for name in header].count("") > 1
    return [
        f"column {number}" if several_blank and not name.strip() else name
        for number, name in enumerate(header, 1)
    ]


def _json_fields(
    score: Score, added: Sequence[str], classes: Sequence[str], prefix: str
) -> dict[str, object]:
    values = [score.predicted, round(score.expected, 4), round(score.confidence, 4), score.flag]
    fields: dict[str, object] = dict(zip(added, values))
    for name, probability in zip(classes, score.probabilities):
        fields[f"{prefix}p_{name}"] = round(probability, 6)
    return fields


def written_to(output: Path) -> str:
    """A sentence that says where the scores were written; "" for standard output."""
    return "" if str(output) == "-" else f" Written to {output}."


@contextmanager
def destination(output: Path) -> Iterator[IO[str]]:
    """Opens a file that appears when it has been written completely; '-' is standard output."""
    if str(output) != "-":
        with atomic_write(output) as file:
            yield file
        return
    # The same bytes as in a file, whatever the terminal's settings.
    sys.stdout.reconfigure(encoding="utf-8", errors=WRITABLE, newline="")  # type: ignore[union-attr]
    yield sys.stdout
    sys.stdout.flush()
