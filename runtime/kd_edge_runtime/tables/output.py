"""Writes a table with the columns that scoring adds, as CSV, TSV, JSON or explanations."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import InputError, Problem, TableError
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

# What people might expect and would not get.
_NOT_TABLES = (".xlsx", ".xls", ".ods", ".parquet")


def check_output(request: Request) -> None:
    """Refuses names of outputs that promise another format.

    Raises:
        InputError: the name says so.
    """
    output = request.output
    suffix = output.suffix.lower()
    if suffix in _NOT_TABLES:
        raise InputError(
            f"{output}: scores are written as CSV or TSV: end the name in .csv or .tsv"
        )
    if request.explain and suffix in (".csv", ".tsv"):
        raise InputError(
            f"{output}: explanations are no table: end the name in "
            + (".jsonl" if request.as_json else ".txt, or add --json for one object a row")
        )


def machine_header(
    classes: Sequence[str], header: Sequence[str], prefix: str, source: str
) -> list[str]:
    """The names of the columns that scoring adds.

    Args:
        classes: the classes that get a column of probabilities.
        header: the columns that are there already.
        prefix: put before each name.
        source: the table's name for messages.

    Raises:
        TableError: a name is taken.
    """
    names = [prefix + name for name in MACHINE_COLUMNS]
    names += [f"{prefix}p_{name}" for name in classes]
    problems = [
        Problem("the table has a column of this name already", 1, name)
        for name in names
        if name in header
    ]
    if problems:
        hint = "Give the columns that scoring adds names of their own, e.g. --prefix m_"
        raise TableError(source, problems, hint)
    return names


def all_classes(entries: Iterable[ItemEntry]) -> list[str]:
    """The classes of several items, each once, in the items' order."""
    return list(dict.fromkeys(name for entry in entries for name in entry.classes))


def quoter(delimiter: str) -> Callable[[str], str]:
    r"""What quotes a field of a table where it has to be: as the csv module does, in less time.

    Lines end in \n; a field with a lone \r is quoted all the same, or readers would split it.
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
    """What writes the fields that scoring adds to a row after `predicted`.

    Blank for the classes of other items; with a delimiter before each, and the row's end after.
    """
    places = [entry.classes.index(name) if name in entry.classes else -1 for name in classes]
    shares = ["" if place < 0 else "%.6f" for place in places]
    form = delimiter.join(["", "%.4f", "%.4f", "%s", *shares]) + "\n"
    order = [place for place in places if place >= 0]
    if order == sorted(order):
        return lambda one: form % (one.expected, one.confidence, one.flag, *one.probabilities)
    return lambda one: (
        form % (one.expected, one.confidence, one.flag, *(one.probabilities[at] for at in order))
    )


@contextmanager
def writer(request: Request, scorer: Scorer, columns: Columns, source: str) -> Iterator[Write]:
    """Opens the output, which appears only when all of it is written.

    Args:
        request: what to write, and where.
        scorer: what scores.
        columns: of the table.
        source: the table's name for messages.

    Yields:
        What writes a batch of scored rows.

    Raises:
        TableError: the table has a column of a name that scoring adds.
    """
    prefix, output = request.prefix, request.output
    entries = {entry.item_id: entry for entry in scorer.bundle.manifest.items}
    used = entries.values() if columns.item_id is None else [entries[columns.item_id]]
    classes = all_classes(used)
    added = machine_header(classes, columns.header, prefix, source)
    if request.explain:
        from kd_edge_runtime.tables.explanations import blocks, why
    with destination(output) as file:
        if request.as_json:
            names = _json_names(columns.header)

            def write(batch: list[Scored]) -> None:
                for one in batch:
                    row: dict[str, object] = dict(zip(names, one.fields))
                    entry = entries[one.item_id]
                    row.update(_json_fields(one.score, added, entry.classes, prefix))
                    if request.explain:
                        text = one.fields[columns.text]
                        row[f"{prefix}why"] = why(scorer.explain(text, one.item_id), entry)
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
            ends = {entry.item_id: machine_text(entry, classes, delimiter) for entry in used}
            file.write(delimiter.join(map(quote, [*columns.header, *added])) + "\n")

            def write(batch: list[Scored]) -> None:
                rows = [
                    delimiter.join(map(quote, [*fields, score.predicted])) + ends[item](score)
                    for fields, item, score in batch
                ]
                file.write("".join(rows))

        yield write


def _json_names(header: Sequence[str]) -> list[str]:
    """The columns' names; columns without one, of which there may be several, are numbered."""
    several = [name.strip() for name in header].count("") > 1
    return [
        f"column {at}" if several and not name.strip() else name
        for at, name in enumerate(header, 1)
    ]


def _json_fields(
    score: Score, added: Sequence[str], classes: Sequence[str], prefix: str
) -> dict[str, object]:
    numbers = [score.predicted, round(score.expected, 4), round(score.confidence, 4), score.flag]
    fields: dict[str, object] = dict(zip(added, numbers))
    for name, share in zip(classes, score.probabilities):
        fields[f"{prefix}p_{name}"] = round(share, 6)
    return fields


@contextmanager
def destination(output: Path) -> Iterator[IO[str]]:
    """Opens a file that appears when all is written, or standard output for '-'."""
    if str(output) != "-":
        with atomic_write(output) as file:
            yield file
        return
    # As in a file, whatever the terminal's settings.
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    yield sys.stdout
    sys.stdout.flush()
