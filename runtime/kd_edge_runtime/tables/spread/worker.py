"""A process that scores batches of a table until there are no more."""

from __future__ import annotations

import os
import pickle
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kd_edge_runtime._light_stdlib import sha256
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BundleError, KdEdgeError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.tables.score_rows import Columns, TableScorer
from kd_edge_runtime.tables.spread.messages import Answer, receive, send
from kd_edge_runtime.tables.writing.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kd_edge_runtime.tables.spread.messages import Work


def main() -> None:
    """Answers on standard output what comes in on standard input; ends with it."""
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a package prints must not get between the answers
    # The parent has ended, or no longer wants the answers.
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        _serve(pickle.loads(receive(stdin)), stdin, stdout)  # noqa: S301 (from our own parent)
    os._exit(0)


def _serve(work: Work, stdin: Any, stdout: Any) -> None:
    try:
        scorer = _opened(work)
        lines = None
        if work.style is not None:
            assert isinstance(work.columns, Columns)
            lines = lines_of(work.request, scorer, work.columns, work.style)
        told: dict[str, tuple[str, str | None]] = {}
        while True:
            rows, items, before = receive(stdin)
            scores, text = _scored(work, scorer, rows, items), ""
            if lines:
                assert isinstance(work.columns, Columns)
                text = lines(scores, before)
            plain = [tuple(one.score) for one in scores] if items else scores
            used = {item: how for item, how in _used(scorer).items() if told.get(item) != how}
            told.update(used)
            send(stdout, ("", *Answer(plain, text, used)))
    except (EOFError, BrokenPipeError):
        raise
    except Exception as error:
        if os.environ.get("KD_EDGE_DEBUG"):
            import traceback

            traceback.print_exc()
        known = isinstance(error, KdEdgeError)
        send(stdout, ("error", type(error).__name__, str(error) if known else "", known))


def _opened(work: Work) -> Scorer:
    bundle = Bundle(work.bundle)
    if sha256(bundle.manifest_bytes).hexdigest() != work.manifest:
        raise BundleError(f"{work.bundle}: it was replaced while it scored: start again")
    return Scorer(bundle, *work.scorer)


def _scored(work: Work, scorer: Scorer, rows: list[list[str]], items: Sequence[str]) -> list[Any]:
    columns = work.columns
    if isinstance(columns, Columns):
        return TableScorer(scorer).batch(rows, [*items], columns)
    return [
        [
            tuple(score)
            for score in scorer.score_many([row[place.text] for row in rows], place.entry.item_id)
        ]
        for place in columns.places
    ]


def _used(scorer: Scorer) -> dict[str, tuple[str, str | None]]:
    """The backends in use by item, as `Answer` has them."""
    used: dict[str, tuple[str, str | None]] = {}
    for item, backend in scorer.in_use().items():
        state = scorer.cascades[item].state if item in scorer.cascades else None
        used[item] = backend, None if state is None else state.backend
    return used
