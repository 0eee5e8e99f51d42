"""Scores a table in which a row holds responses to several items, and writes it back row for row.

Such a table has a column of responses for each item, or one whose responses are scored by several
criteria. Imported only where there is no item column.
"""

from __future__ import annotations

from contextlib import closing
from itertools import chain
from time import process_time

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import InputError, note
from kd_edge_runtime.tables.column_names import shown
from kd_edge_runtime.tables.score_batches import pays
from kd_edge_runtime.tables.score_rows import note_nested, refuse_bad_rows, skip_bad_rows
from kd_edge_runtime.tables.wide_agreement import WideTally
from kd_edge_runtime.tables.wide_columns import wide_names
from kd_edge_runtime.tables.writing.output import written_to
from kd_edge_runtime.tables.writing.wide_output import wide_writer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from kd_edge_runtime.scorer import Score, Scorer
    from kd_edge_runtime.tables.reading.rows import Table
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.score_rows import Batch
    from kd_edge_runtime.tables.spread.messages import Answer
    from kd_edge_runtime.tables.wide_columns import WideColumns
    from kd_edge_runtime.tables.writing.skipped import Skip

_LISTED = 10


def score_wide(
    request: Request,
    scorer: Scorer,
    table: Table,
    columns: WideColumns,
    source: str,
    skip: Skip | None,
) -> None:
    """Scores the responses of a wide table and writes its rows with their scores.

    Raises:
        InputError: an output that is not a table of rows.
        TableError: bad rows, all of them; or the names of the added columns are taken.
    """
    if request.gradebook or request.explain:
        what = "--format" if request.gradebook else "--explain"
        raise InputError(f"{what} is for one item: name it with --item, and its --text-column")
    added = wide_names(columns, request.prefix, source)
    backend = scorer.backend(columns.places[0].entry.item_id)
    tally = None if request.quiet else WideTally(columns)
    total = flagged = 0
    scored = _scored(request, scorer, _rows(table, skip, columns), columns)
    with wide_writer(request, columns, added, table) as write, closing(scored):
        for rows, scores in scored:
            by_row = [*zip(*scores)]
            if tally:
                tally.add(rows, by_row)
            write(rows, by_row)
            total += len(rows)
            flagged += sum(any(score.flag for score in own) for own in by_row)
    if not request.quiet:
        _summary(scorer, columns, f"{total} row{'' if total == 1 else 's'}", flagged, backend)
        if written := written_to(request.output):
            note(written)
        for line in tally.lines() if tally else ():
            note(line)


def _scored(
    request: Request, scorer: Scorer, source: Iterator[list[list[str]]], columns: WideColumns
) -> Generator[tuple[list[list[str]], list[list[Score]]], None, None]:
    """Batches of rows, and the scores of each item's responses."""

    def here(batch: Batch) -> tuple[list[list[str]], list[list[Score]]]:
        rows = batch[0]
        return rows, [
            scorer.score_many([fields[place.text] for fields in rows], place.entry.item_id)
            for place in columns.places
        ]

    def there(batch: Batch, answer: Answer) -> tuple[list[list[str]], list[list[Score]]]:
        from kd_edge_runtime.tables.spread.spread import as_score

        return batch[0], [[*map(as_score, scores)] for scores in answer.scores]

    before, began = 0, process_time()
    for rows in source:
        if before and pays(request, began):
            from kd_edge_runtime.tables.spread.spread import spread

            rest: Iterator[Batch] = ((left, ()) for left in chain((rows,), source))
            yield from spread(rest, before, request, scorer, columns, None, here, there)
            return
        yield here((rows, ()))
        before += len(rows)


def _rows(table: Table, skip: Skip | None, columns: WideColumns) -> Iterator[list[list[str]]]:
    """The good rows, batch by batch; at the end an error with all bad ones, unless skipped."""
    for numbers, rows in table.batches():
        note_nested(table, columns.texts, numbers, rows)
        skip_bad_rows(table, skip)
        if rows and not (table.bad and skip is None):
            yield rows
    refuse_bad_rows(table, skip)


def _summary(scorer: Scorer, columns: WideColumns, rows: str, flagged: int, backend: str) -> None:
    items = scorer.bundle.manifest.items
    here = {place.entry.item_id for place in columns.places}
    listed = ", ".join(
        f"'{place.entry.item_id}' from '{shown(columns.header[place.text])}'"
        for place in columns.places[:_LISTED]
    )
    more = f" and {len(here) - _LISTED} more" if len(here) > _LISTED else ""
    note(f"The small model scored {rows} ({flagged} flagged; backend {backend}): {listed}{more}.")
    lacking = [f"'{entry.item_id}'" for entry in items if entry.item_id not in here]
    if lacking:
        note(f"No column holds responses to {', '.join(lacking[:_LISTED])}.")
