"""Scores a table or a sentence, as `kd-edge score` does; knows nothing of click."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError, note
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.tables.columns import candidates
from kd_edge_runtime.tables.encoding import open_text
from kd_edge_runtime.tables.output import check_output, writer
from kd_edge_runtime.tables.roles import ITEM
from kd_edge_runtime.tables.rows import open_table, usual_delimiter
from kd_edge_runtime.tables.score_rows import TableScorer, scoring_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from kd_edge_runtime.tables.output import Write
    from kd_edge_runtime.tables.score_rows import Scored

# How the names of tables end, of those too that are refused with what to do about it.
_REFUSED = (".jsonl", ".ndjson", ".json", ".xml", ".xlsx", ".ods")
_TABLES = (".csv", ".tsv", ".txt", ".kdz", ".xls", ".parquet", *_REFUSED)

# Rows between two lines of progress off a terminal; on one, about twice a second.
_SHOW_EVERY = 20_000


@dataclass(frozen=True)
class Request:
    """What to score, and how; '-' is standard input or output.

    Attributes:
        responses: a CSV or TSV file, or a single response; see `names_table`.
        bundle: the bundle; None for the installed one.
        root: the folder of the installed bundles; None for the usual one.
        output: the file to write (.csv or .tsv).
        text_column: the column with the responses, if named.
        item_column: the column that names each response's item, if named.
        item_id: the item that all responses answer, if named.
        prefix: put before the names of the columns that scoring adds.
        backend: "auto" or one of `backends.NAMES`.
        threads: for one batch, where the backend has threads.
        as_json: whether to write one JSON object a row.
        quiet: whether to say nothing on standard error.
        review_below: the confidence below which scores are flagged "review"; None for what the
            bundle says.
        explain: whether to write which words pushed each score: for people, or with
            `as_json` beside the other fields.
    """

    responses: str | Path
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


def score_responses(request: Request) -> None:
    """Scores a table, or a single response.

    Raises:
        KdEdgeError: something about the request, the bundle or the table is wrong.
    """
    output, table = request.output, names_table(request.responses)
    check_output(request)
    if table:
        _refuse_same(output, Path(request.responses), "the responses")
    bundle, cache = (Bundle(request.bundle), None) if request.bundle else _installed(request.root)
    with Scorer(bundle, request.backend, request.threads, cache, request.review_below) as scorer:
        _refuse_same(output, bundle.path, "the bundle")
        if table:
            _score_table(request, scorer)
        else:
            from kd_edge_runtime.tables.sentence import score_sentence

            score_sentence(request, scorer)


def names_table(responses: str | Path) -> bool:
    """Whether this names a table, there or not; what does not is a response itself.

    A `Path` does, and "-", a file that exists, a name that ends as tables do, and what has a
    separator of folders and no space.
    """
    text = str(responses)
    if isinstance(responses, Path) or text == "-" or text.lower().endswith(_TABLES):
        return True
    if " " not in text and (os.sep in text or "/" in text):
        return True
    return os.path.exists(text)  # noqa: PTH110 (False for what can be no name of a file)


def _score_table(request: Request, scorer: Scorer) -> None:
    path, manifest = Path(request.responses), scorer.bundle.manifest
    source = "standard input" if str(path) == "-" else str(path)
    with _opened(path) as stream:
        table = open_table(stream, source, usual_delimiter(path.suffix))
        items = [entry.item_id for entry in manifest.items]
        if request.item_id is not None:
            manifest.item(request.item_id)  # names the items there are
        columns = scoring_columns(
            table.header, source, items, request.text_column, request.item_column, request.item_id
        )
        # A backend that is missing says so before anything is written.
        used = scorer.backend(columns.item_id or items[0])
        batches = TableScorer(scorer).scored(table, columns)
        if columns.item is None and request.item_id is None:
            batches = _other_item(batches, columns.header, items[0])
        with writer(request, scorer, columns, source) as write:
            total, flagged = _write_all(batches, write, request.quiet)
    if not request.quiet:
        named = "" if request.text_column else f", text from '{columns.header[columns.text]}'"
        note(
            f"The small model scored {total} response{'' if total == 1 else 's'} "
            f"({flagged} flagged; {used}{named})."
        )


def _installed(root: Path | None) -> tuple[Bundle, Path]:
    from kd_edge_runtime.slots.slots import Slots, default_root

    slots = Slots(root or default_root())
    return slots.open(lambda words: note(f"Warning: {words}")), slots.cache


def _other_item(
    batches: Iterator[list[Scored]], header: Sequence[str], item_id: str
) -> Iterator[list[Scored]]:
    """Warns where a table's own column for items names another than the bundle's only one."""
    at = candidates(header, ITEM.tiers[:1])
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
    if responses.suffix.lower() in _REFUSED:
        raise InputError(f"{responses}: give the responses as a CSV or TSV table")
    with open_text(responses) as stream:
        yield stream
