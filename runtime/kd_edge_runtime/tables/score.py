"""Scores a table or a sentence, as `kd-edge score` does; independent of click."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import InputError, note
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.tables.columns import candidates
from kd_edge_runtime.tables.reading.sources import OTHERS, Reading, open_source
from kd_edge_runtime.tables.roles import ITEM, SCORE
from kd_edge_runtime.tables.score_batches import scored_batches
from kd_edge_runtime.tables.score_rows import Columns, TableScorer, table_columns
from kd_edge_runtime.tables.writing.output import check_output, writer, written_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kd_edge_runtime.bundle.manifest import Manifest
    from kd_edge_runtime.tables.agreement import Tally
    from kd_edge_runtime.tables.reading.rows import Table
    from kd_edge_runtime.tables.score_rows import Scored
    from kd_edge_runtime.tables.writing.output import Write
    from kd_edge_runtime.tables.writing.skipped import Skip

# File name endings of tables, including those that are refused with advice.
_TABLES = (".csv", ".tsv", ".txt", ".kdz", ".xls", ".xml", *OTHERS)

# Rows between two progress lines.
_SHOW_EVERY = 20_000


@dataclass(frozen=True)
class Request:
    """What to score, and how; '-' stands for standard input or output.

    Attributes:
        responses: a table (see `sources`), or the text of one response; see `names_table`.
        bundle: the bundle; None for the installed one.
        root: the folder of the installed bundles; None for the default one.
        output: the file to write (.csv or .tsv).
        text_column: the column with the responses; None to find it by its name.
        item_column: the column that names each response's item; None to find it by its name.
        item_id: the item that all responses answer; None if the item column says.
        prefix: prepended to the names of the columns that scoring adds.
        backend: "auto" or one of `backends.NAMES`.
        threads: threads per batch, for backends that use threads.
        as_json: whether to write one JSON object per row.
        quiet: whether to print nothing on standard error.
        review_below: the confidence below which scores are flagged "review"; None for the
            bundle's own limit.
        explain: whether to write which words pushed each score: as text, or with `as_json` as
            a further field.
        score_column: the column with people's scores, to print how well they agree; None to find
            it by its name.
        encoding: the table's encoding, if named; see `sources.Reading`.
        sheet: the spreadsheet's sheet, if named.
        quoting: how the table uses quotation marks.
        has_header: whether the first row holds the names of the columns.
        skip_bad_rows: whether rows that cannot be scored are left out and listed in a file beside
            the output; if not, one of them stops the scoring.
        wide: whether each item has a column of responses of its own; if not, that is assumed only
            where there is no item column.
        decimal: "." or ",", the sign of the numbers that scoring adds; None for the table's.
        safe_cells: whether to put an apostrophe before what a spreadsheet would run as a formula,
            in the table's own columns too.
        gradebook: a key of `gradebook.GRADEBOOKS`, to write what it imports; None for the table.
        assignment: the name of its column of grades; None for the item's.
        first_only: whether to leave out the second model of items that have two.
        jobs: processes that score a table; None for one for each processor, where it is long.
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
    decimal: str | None = None
    safe_cells: bool = False
    gradebook: str | None = None
    assignment: str | None = None
    score_column: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    quoting: str = "auto"
    has_header: bool = True
    skip_bad_rows: bool = False
    wide: bool = False
    first_only: bool = False
    jobs: int | None = None


def score_responses(request: Request) -> None:
    """Scores a table, or a single response.

    Raises:
        KdEdgeError: the request, the bundle or the table is wrong.
    """
    output, table = request.output, names_table(request.responses)
    check_output(request)
    if table:
        _refuse_same(output, Path(request.responses), "the responses")
    with _scorer(request) as scorer:
        _refuse_same(output, scorer.bundle.path, "the bundle")
        if table:
            _score_table(request, scorer)
        elif request.gradebook:
            raise InputError(
                "--format needs a table: a gradebook has to know whose grades these are"
            )
        else:
            from kd_edge_runtime.tables.sentence import score_sentence

            score_sentence(request, scorer)
        if scorer.cascades and not request.quiet:
            from kd_edge_runtime.backends.cascade import tell_unused

            tell_unused(scorer.cascades, note)


def names_table(responses: str | Path) -> bool:
    """Whether the argument names a table, existing or not; otherwise it is a response itself.

    Names of tables are: a `Path`, "-", an existing file, a name with a table's ending, and a
    name with a folder separator and no space.
    """
    text = str(responses)
    if isinstance(responses, Path) or text == "-" or text.lower().endswith(_TABLES):
        return True
    if " " not in text and (os.sep in text or "/" in text):
        return True
    return os.path.exists(text)  # noqa: PTH110 (False for impossible file names)


def _score_table(request: Request, scorer: Scorer) -> None:
    path, manifest = Path(request.responses), scorer.bundle.manifest
    source = "standard input" if str(path) == "-" else str(path)
    with _opened(request, path) as table:
        if not request.quiet:
            for line in table.notes:
                note(f"{source}: {line}")
        items = manifest.item_ids
        if request.item_id is not None:
            manifest.item(request.item_id)  # the error lists the bundle's items
        columns = table_columns(table.header, source, manifest, request)
        if not isinstance(columns, Columns):
            from kd_edge_runtime.tables.wide_score import score_wide

            with _skip(request, path) as skip:
                score_wide(request, scorer, table, columns, source, skip)
            _tell_skipped(request, path, table)
            return
        # A missing backend is reported before anything is written.
        backend = scorer.backend(columns.item_id or items[0])
        tally = None if request.quiet else _tally(request, scorer, columns, source)
        with _skip(request, path) as skip, writer(request, scorer, columns, source, table) as write:
            rows = TableScorer(scorer).rows(table, columns, skip=skip)
            scored = scored_batches(request, scorer, rows, columns, write)
            batches: Iterator[list[Scored]] = scored
            if columns.item is None and request.item_id is None:
                batches = _other_item(batches, columns.header, items[0])
            if tally:
                batches = tally.counted(batches)
            with closing(scored):
                total, flagged = _write_all(batches, write, request.quiet)
    _tell_skipped(request, path, table)
    if not request.quiet:
        text_column = columns.header[columns.text]
        guessed = "" if request.text_column else f", text from '{text_column}'"
        note(
            f"The small model scored {total} response{'' if total == 1 else 's'} "
            f"({flagged} flagged; backend {backend}{guessed})."
        )
        for line in (written_to(request.output), *(tally.lines() if tally else ())):
            if line:
                note(line)


def _tell_skipped(request: Request, responses: Path, table: Table) -> None:
    if table.bad:
        from kd_edge_runtime.tables.writing.skipped import skipped_path

        rows = "1 row was" if table.bad == 1 else f"{table.bad} rows were"
        note(f"Warning: {rows} skipped: see {skipped_path(responses, request.output.parent)}")


def _tally(request: Request, scorer: Scorer, columns: Columns, source: str) -> Tally | None:
    """Counts agreement with people's scores, if the table may have some."""
    if request.score_column is None and not candidates(columns.header, SCORE.tiers):
        return None
    from kd_edge_runtime.tables.agreement import tally_for

    taken = {columns.text} if columns.item is None else {columns.text, columns.item}
    items = scorer.bundle.manifest.items
    return tally_for(columns.header, source, items, request.score_column, taken)


def _scorer(request: Request) -> Scorer:
    how = request.backend, request.threads
    if request.bundle:
        from kd_edge_runtime.slots.allowed import open_allowed

        more = request.review_below, request.first_only
        return Scorer(open_allowed(request.bundle), *how, None, *more)
    from kd_edge_runtime.slots.installed import open_installed

    return open_installed(
        request.root,
        *how,
        request.review_below,
        request.item_id,
        lambda words: note(f"Warning: {words}"),
        request.first_only,
        lambda manifest: _named(request, manifest),
    )


def _named(request: Request, manifest: Manifest) -> list[str] | None:
    """The items of a bundle with several that a table has responses to, if that is known."""
    if request.item_id is not None or not names_table(request.responses):
        return None
    from kd_edge_runtime.tables.named_items import named_items

    return named_items(request, manifest)


@contextmanager
def _skip(request: Request, responses: Path) -> Iterator[Skip | None]:
    """What writes the skipped rows, if rows may be skipped."""
    if not request.skip_bad_rows:
        yield None
        return
    from kd_edge_runtime.tables.writing.skipped import skipped_file, skipped_path

    target = skipped_path(responses, request.output.parent)
    if target == request.output:
        raise InputError(f"{target}: the skipped rows are listed there: choose another name")
    with skipped_file(target) as skip:
        yield skip


def _other_item(
    batches: Iterator[list[Scored]], header: Sequence[str], item_id: str
) -> Iterator[list[Scored]]:
    """Warns if the table's item column names another item than the bundle's only one."""
    at = candidates(header, ITEM.tiers[:1])
    for batch in batches:
        if at and batch:
            if batch[0].fields[at[0]].strip() not in ("", item_id):
                note(
                    f"Warning: column '{header[at[0]]}' names another item than the bundle's "
                    f"'{item_id}'. If these are responses to '{item_id}', add --item '{item_id}'."
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
            # The total is unknown while rows are streamed, so only the count is shown.
            note(f"{total} responses scored")
    return total, flagged


def _refuse_same(output: Path, given: Path, what: str) -> None:
    exists = os.path.exists  # False for impossible names, too
    if str(output) != "-" and exists(output) and exists(given) and output.samefile(given):
        raise InputError(f"{output}: the output would overwrite {what}: choose another name")


@contextmanager
def _opened(request: Request, responses: Path) -> Iterator[Table]:
    reading = Reading(request.encoding, request.sheet, request.quoting, request.has_header)
    if str(responses) != "-":
        if responses.suffix.lower() == ".xml":
            raise InputError(f"{responses}: give the responses as a CSV or TSV table")
        with open_source(responses, reading) as table:
            yield table
        return
    from kd_edge_runtime.tables.reading.standard_input import open_standard_input

    yield open_standard_input(reading)
