"""What `kd-edge score --explain` writes: each score with the words that pushed it."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

from kd_edge_runtime.tables.columns import candidates
from kd_edge_runtime.tables.roles import RESPONSE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.scorer import Scorer
    from kd_edge_runtime.students.explain import Explanation
    from kd_edge_runtime.tables.score_rows import Columns, Scored

# Words shown of each response; the JSON has them all.
_SHOWN = 8


def why(found: Explanation, entry: ItemEntry) -> dict[str, object]:
    """An explanation for JSON: what each word and pair added to the classes' logits."""

    def named(numbers: Sequence[float]) -> dict[str, float]:
        return {name: round(one, 6) for name, one in zip(entry.classes, numbers)}

    return {
        "start": named(found.start),
        "pushes": [
            {"words": push.words, "times": push.times, "towards": named(push.pushes)}
            for push in found.pushes
        ],
        "unknown": found.unknown,
    }


def blocks(scorer: Scorer, columns: Columns, batch: Sequence[Scored], before: int) -> Iterator[str]:
    """A few lines for each response of a batch, for people.

    Args:
        scorer: what scored them.
        columns: of the table.
        batch: the responses.
        before: how many came before this batch.
    """
    ids = candidates(columns.header, RESPONSE_ID.tiers)
    for number, one in enumerate(batch, before + 1):
        entry = scorer.bundle.manifest.item(one.item_id)
        called = f"'{one.fields[ids[0]]}'" if ids else f"response {number}"
        score = one.score
        flag = f", flag {score.flag}" if score.flag else ""
        title = (
            f"{called}, item '{one.item_id}': {score.predicted} (expected {score.expected:.2f}, "
            f"confidence {score.confidence:.2f}{flag})"
        )
        found = scorer.explain(one.fields[columns.text], one.item_id)
        yield "\n".join([title, *lines(found, entry)]) + "\n\n"


def lines(found: Explanation, entry: ItemEntry) -> Iterator[str]:
    """What each word and pair added to the logits of the classes, as a table for people."""
    shown = found.pushes[:_SHOWN]
    names = [" ".join(push.words) + (f" x{push.times}" if push.times > 1 else "") for push in shown]
    wide = max([*map(len, names), len("before any word")])
    widths = [max(7, len(name)) for name in entry.classes]

    def line(name: str, cells: Sequence[str]) -> str:
        return f"  {name:<{wide}}" + "".join(f"  {c:>{w}}" for c, w in zip(cells, widths))

    yield line("pushes towards", entry.classes)
    yield line("before any word", [f"{one:+.2f}" for one in found.start])
    for name, push in zip(names, shown):
        yield line(name, [f"{one:+.2f}" for one in push.pushes])
    more = found.pushes[_SHOWN:]
    if more:
        rest = [sum(column) for column in zip(*(push.pushes for push in more))]
        yield line(f"{len(more)} more", [f"{one:+.2f}" for one in rest])
    logits = found.logits()
    powers = [exp(one - max(logits)) for one in logits]
    yield line("all together", [f"{one:+.2f}" for one in logits])
    yield line("probability", [f"{one / sum(powers):.2f}" for one in powers])
    if found.unknown:
        yield f"  not known: {', '.join(found.unknown)}"
