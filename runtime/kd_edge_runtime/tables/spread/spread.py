"""Scores what is left of a table in several processes."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from kd_edge_runtime.errors import note
from kd_edge_runtime.scorer import Score
from kd_edge_runtime.tables.spread.workers import Workers, work_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable, TypeVar

    from kd_edge_runtime.scorer import Scorer
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.score_rows import Batch, Columns
    from kd_edge_runtime.tables.spread.messages import Answer
    from kd_edge_runtime.tables.wide_columns import WideColumns
    from kd_edge_runtime.tables.writing.lines import Style

    Made = TypeVar("Made")

as_score: Callable[[object], Score] = partial(tuple.__new__, Score)


def cores() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread(
    batches: Iterator[Batch],
    before: int,
    request: Request,
    scorer: Scorer,
    columns: Columns | WideColumns,
    style: Style | None,
    here: Callable[[Batch], Made],
    there: Callable[[Batch, Answer], Made],
) -> Iterator[Made]:
    """Scores batches in processes; in this one where none can be started.

    Args:
        batches: what is left of the table.
        before: the number of rows that were scored already.
        request: how many processes, and what to write.
        scorer: scores in this process.
        columns: the table's columns.
        style: how lines are written; None if this process makes them.
        here: scores a batch in this process.
        there: what `here` would have made, from what another process answers.

    Raises:
        KdEdgeError: see `Workers.answers`.
    """
    try:
        if getattr(sys, "frozen", False) or not sys.executable:
            raise OSError("there is no Python interpreter to start")
        workers = Workers(request.jobs or cores(), work_for(request, scorer, columns, style))
    except OSError as error:
        if not request.quiet:
            note(f"One process scores all, as no other can be started ({error}).")
        yield from map(here, batches)
        return
    with workers:
        for batch, answer in workers.answers(batches, before):
            yield there(batch, answer)
    for item in workers.second_unused:
        scorer.second(item)  # which says why not
