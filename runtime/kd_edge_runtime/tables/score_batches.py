"""Scores batches of rows in this process, or, once that pays, in several."""

from __future__ import annotations

from itertools import chain
from time import process_time

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.tables.score_rows import TableScorer, new_scored

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from kd_edge_runtime.scorer import Scorer
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.score_rows import Batch, Columns, Scored
    from kd_edge_runtime.tables.spread.messages import Answer
    from kd_edge_runtime.tables.writing.output import Write

# Seconds of scoring after which other processes are started, if the user says nothing: several
# times what it takes to start them, on whatever machine.
ALONE = 1.0


def scored_batches(
    request: Request, scorer: Scorer, source: Iterator[Batch], columns: Columns, write: Write
) -> Generator[list[Scored], None, None]:
    """Scores batches of rows, in several processes where that pays.

    Args:
        request: how many processes.
        scorer: an open bundle.
        source: what `TableScorer.rows` reads.
        columns: where the responses are.
        write: what writes the batches, before the next one is asked for.
    """

    def here(batch: Batch) -> list[Scored]:
        return one.batch(*batch, columns)

    def there(batch: Batch, answer: Answer) -> list[Scored]:
        from kd_edge_runtime.tables.spread.spread import as_score
        from kd_edge_runtime.tables.writing.lines import Written

        made = Written(map(new_scored, zip(*batch, map(as_score, answer.scores))))
        made.text = answer.text
        return made

    one, before, began = TableScorer(scorer), 0, process_time()
    for batch in source:
        if before and pays(request, began):
            from kd_edge_runtime.tables.spread.spread import spread

            rest, style = chain((batch,), source), getattr(write, "style", None)
            yield from spread(rest, before, request, scorer, columns, style, here, there)
            return
        yield here(batch)
        before += len(batch[0])


def pays(request: Request, began: float) -> bool:
    """Whether what is left of a table is to be scored in several processes.

    Args:
        request: how many, if the user says so.
        began: the process time at which scoring began.
    """
    if request.jobs is not None:
        return request.jobs > 1
    if request.threads > 1 or process_time() - began < ALONE:
        return False
    from kd_edge_runtime.tables.spread.spread import cores

    return cores() > 1
