"""Scores a table, as `kd-edge score` does; what click makes of a command line is not its matter."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from kd_edge_runtime._startup.dataclass import TYPE_CHECKING, dataclass
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError, note
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.tables.columns import ITEM_NAMES, candidates
from kd_edge_runtime.tables.encoding import open_text
from kd_edge_runtime.tables.rows import (
    Columns,
    Scored,
    TableScorer,
    all_classes,
    csv_problem,
    find_columns,
    machine_header,
    machine_text,
    quoter,
)

if TYPE_CHECKING:
    from typing import IO, Callable, TextIO

    Write = Callable[[list[Scored]], object]

# A longer field is no response: 10,000 words are about 60,000 characters.
_LONGEST_FIELD = 16 << 20

# The headers of the ASAP-SAS competition's files, which quote nothing.
_UNQUOTED = (
    ["Id", "EssaySet", "Score1", "Score2", "EssayText"],
    ["Id", "EssaySet", "EssayText"],
)

# What people might expect and would not get.
_NOT_TABLES = (".xlsx", ".xls", ".ods", ".parquet")

# Rows between two lines of progress off a terminal; on one, about twice a second.
_SHOW_EVERY = 20_000


@dataclass(frozen=True)
class Request:
    """What to score, and how; '-' is standard input or output.

    Attributes:
        responses: a CSV or TSV file.
        bundle: the bundle; None for the installed one.
        root: the folder of the installed bundles; None for the usual one.
        output: the file to write (.csv or .tsv).
        text_column: the column with the responses, if named.
        item_column: the column that names each response's item, if named.
        item_id: the item that all responses answer, if named.
        prefix: put before the machine's columns.
        backend: "auto" or one of `backends.NAMES`.
        threads: for one batch, where the backend has threads.
        as_json: whether to write one JSON object a row.
        quiet: whether to say nothing on standard error.
        review_below: the confidence below which scores are flagged "review"; None for what the
            bundle says.
        explain: whether to write which words made each score: for people, or with
            `as_json` beside the other fields.
    """

    responses: Path
    bundle: Path | None = None
    root: Path | None = None
    output: Path = Path("-")
    text_column: str | None = None
    item_column: str | None = None
    item_id: str | None = None
    prefix: str = ""
    backend: str = "auto"
    threads: int = 1
    as_json: bool = False
    quiet: bool = False
    review_below: float | None = None
    explain: bool = False


def score_table(request: Request) -> None:
    """Scores a table.

    Raises:
        KdEdgeError: something about the request, the bundle or the table is wrong.
    """
    responses, output = request.responses, request.output
    source = "standard input" if str(responses) == "-" else str(responses)
    if output.suffix.lower() in _NOT_TABLES:
        raise InputError(
            f"{output}: scores are written as CSV or TSV: end the name in .csv or .tsv"
        )
    if request.explain:
        from kd_edge_runtime.tables.explanations import check_output

        check_output(str(output), request.as_json)
    _refuse_same(output, responses, "the responses")
    bundle, cache = (Bundle(request.bundle), None) if request.bundle else _installed(request.root)
    scorer = Scorer(bundle, request.backend, request.threads, cache, request.review_below)
    with scorer, _opened(responses) as stream:
        _refuse_same(output, bundle.path, "the bundle")
        header, rows = read_rows(stream, source)
        items = [entry.item_id for entry in bundle.manifest.items]
        if request.item_id is not None:
            bundle.manifest.item(request.item_id)  # names the items there are
        columns = find_columns(
            header, source, items, request.text_column, request.item_column, request.item_id
        )
        # A backend that is missing says so before anything is written.
        used = scorer.backend(columns.item_id or items[0])
        batches = TableScorer(scorer, source).scored(rows, columns)
        if columns.item is None and request.item_id is None:
            batches = _other_item(batches, columns.header, items[0])
        with _writer(request, scorer, columns, source) as write:
            total, flagged = _write_all(batches, write, request.quiet)
        if not request.quiet:
            named = "" if request.text_column else f", text from '{header[columns.text]}'"
            note(f"Scored {total} responses ({flagged} flagged; {used}{named}).")


def _installed(root: Path | None) -> tuple[Bundle, Path]:
    from kd_edge_runtime.slots.slots import Slots, default_root

    slots = Slots(root or default_root())
    return slots.open(lambda words: note(f"Warning: {words}")), slots.cache


def _other_item(
    batches: Iterator[list[Scored]], header: Sequence[str], item_id: str
) -> Iterator[list[Scored]]:
    """Warns where a table's own column for items names another than the bundle's only one."""
    at = candidates(header, ITEM_NAMES[:1])
    for batch in batches:
        if at and batch:
            if batch[0].fields[at[0]] not in ("", item_id):
                note(
                    f"Warning: column '{header[at[0]]}' names another item than the bundle's, "
                    f"'{item_id}': are these responses to it? --item '{item_id}' says so."
                )
            at = []
        yield batch


def _write_all(batches: Iterator[list[Scored]], write: Write, quiet: bool) -> tuple[int, int]:
    total = flagged = shown = 0
    for batch in batches:
        write(batch)
        total += len(batch)
        flagged += len(batch) - [one.score.flag for one in batch].count("")
        if not quiet and total - shown >= _SHOW_EVERY:
            shown = total
            # How many there are is not known while they stream: no bar, just the count.
            note(f"{total} responses scored")
    return total, flagged


def _refuse_same(output: Path, given: Path, what: str) -> None:
    if str(output) != "-" and output.exists() and given.exists() and output.samefile(given):
        raise InputError(f"{output}: the output would replace {what}: give it another name")


@contextmanager
def _opened(responses: Path) -> Iterator[TextIO]:
    if str(responses) == "-":
        # Standard input cannot be read twice to find its encoding: it has to be UTF-8.
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="strict", newline="")  # type: ignore[union-attr]
        yield sys.stdin
        return
    if responses.suffix.lower() in (".jsonl", ".ndjson", ".json", ".xml", ".xlsx", ".ods"):
        raise InputError(f"{responses}: give the responses as a CSV or TSV table")
    with open_text(responses) as stream:
        yield stream


def read_rows(stream: TextIO, source: str) -> tuple[list[str], Iterator[list[str]]]:
    """The header of a table, and its other rows, of which each may raise `csv.Error`."""
    try:
        rows = _reader(stream)
        header = next(rows, None)
    except UnicodeDecodeError:
        raise InputError(f"{source}: this is not UTF-8: save the table as 'CSV UTF-8'") from None
    except csv.Error as error:
        raise InputError(f"{source}: {csv_problem(error)}") from None
    if not header:
        raise InputError(f"{source}: the table is empty: it needs a row of column names")
    return header, rows


def _reader(stream: TextIO) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_FIELD)
    first = stream.readline()
    lines = chain([first], stream)
    if first.rstrip("\r\n").split("\t") in _UNQUOTED:
        return csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    # strict: a quotation mark that is never closed would swallow the rest of the responses.
    return csv.reader(lines, delimiter=max(",\t;", key=first.count), strict=True)


@contextmanager
def _writer(request: Request, scorer: Scorer, columns: Columns, source: str) -> Iterator[Write]:
    prefix, output = request.prefix, request.output
    entries = {entry.item_id: entry for entry in scorer.bundle.manifest.items}
    used = entries.values() if columns.item_id is None else [entries[columns.item_id]]
    classes = all_classes(used)
    added = machine_header(classes, columns.header, prefix, source)
    if request.explain:
        from kd_edge_runtime.tables.explanations import blocks, why
    with _destination(output) as file:
        if request.as_json:

            def write(batch: list[Scored]) -> None:
                for one in batch:
                    row: dict[str, object] = dict(zip(columns.header, one.fields))
                    entry = entries[one.item_id]
                    row.update(_json_fields(one, added, entry.classes, prefix))
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


def _json_fields(
    one: Scored, added: Sequence[str], classes: Sequence[str], prefix: str
) -> dict[str, object]:
    score = one.score
    numbers = [score.predicted, round(score.expected, 4), round(score.confidence, 4), score.flag]
    fields: dict[str, object] = dict(zip(added, numbers))
    for name, share in zip(classes, score.probabilities):
        fields[f"{prefix}p_{name}"] = round(share, 6)
    return fields


@contextmanager
def _destination(output: Path) -> Iterator[IO[str]]:
    if str(output) != "-":
        with atomic_write(output) as file:
            yield file
        return
    # As in a file, whatever the terminal's settings.
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    yield sys.stdout
    sys.stdout.flush()
