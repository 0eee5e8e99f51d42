"""The output of `kd-edge score --explain`: each score with the words that pushed it."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

from kd_edge_runtime.system.ordered_sums import ordered_sum
from kd_edge_runtime.tables.columns import candidates
from kd_edge_runtime.tables.roles import RESPONSE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.scorer import Score, Scorer
    from kd_edge_runtime.students.explanation import Explanation
    from kd_edge_runtime.tables.score_rows import Columns, Scored

# Probabilities of one student that differ by less were only added up in another order.
_SAME = 1e-6

# The most words shown per response; the JSON has all of them.
_SHOWN = 8


def why(explanation: Explanation, entry: ItemEntry, score: Score) -> dict[str, object]:
    """An explanation for JSON: what each word and pair added to the classes' logits.

    For an item with two students it is that of the first, and says whether the second was asked.
    """

    def by_class(values: Sequence[float]) -> dict[str, float]:
        return {name: round(value, 6) for name, value in zip(entry.classes, values)}

    return {
        "start": by_class(explanation.start),
        "pushes": [
            {"words": push.words, "times": push.times, "towards": by_class(push.pushes)}
            for push in explanation.pushes
        ],
        "unknown": explanation.unknown,
        **({"second": _asked(explanation, score)} if entry.second else {}),
    }


def _shares(explanation: Explanation) -> list[float]:
    """The probabilities that the explained student gives."""
    logits = explanation.logits()
    powers = [exp(logit - max(logits)) for logit in logits]
    whole = ordered_sum(powers)
    return [power / whole for power in powers]


def _asked(explanation: Explanation, score: Score) -> bool:
    """Whether a second student had a say in a score: it is not what the first alone says."""
    return any(
        abs(one - other) > _SAME for one, other in zip(_shares(explanation), score.probabilities)
    )


def blocks(scorer: Scorer, columns: Columns, batch: Sequence[Scored], before: int) -> Iterator[str]:
    """A few lines for each response of a batch, for people.

    Args:
        scorer: the scorer.
        columns: the table's columns.
        batch: the scored responses.
        before: the number of responses before this batch.
    """
    ids = candidates(columns.header, RESPONSE_ID.tiers)
    for number, (fields, item_id, score) in enumerate(batch, before + 1):
        entry = scorer.bundle.manifest.item(item_id)
        response = f"'{fields[ids[0]]}'" if ids else f"response {number}"
        flag = f", flag {score.flag}" if score.flag else ""
        title = (
            f"{response}, item '{item_id}': {score.predicted} (expected {score.expected:.2f}, "
            f"confidence {score.confidence:.2f}{flag})"
        )
        explanation = scorer.explain(fields[columns.text], item_id)
        yield "\n".join([title, *lines(explanation, entry, score)]) + "\n\n"


def lines(explanation: Explanation, entry: ItemEntry, score: Score) -> Iterator[str]:
    """What each word and pair added to the logits of the classes, as a table for people."""
    shown = explanation.pushes[:_SHOWN]
    names = [" ".join(push.words) + (f" x{push.times}" if push.times > 1 else "") for push in shown]
    name_width = max([*map(len, names), len("before any word")])
    widths = [max(7, len(name)) for name in entry.classes]

    def line(name: str, cells: Sequence[str]) -> str:
        return f"  {name:<{name_width}}" + "".join(f"  {c:>{w}}" for c, w in zip(cells, widths))

    yield line("pushes towards", entry.classes)
    yield line("before any word", [f"{logit:+.2f}" for logit in explanation.start])
    for name, push in zip(names, shown):
        yield line(name, [f"{value:+.2f}" for value in push.pushes])
    more = explanation.pushes[_SHOWN:]
    if more:
        rest = [ordered_sum(column) for column in zip(*(push.pushes for push in more))]
        yield line(f"{len(more)} more", [f"{value:+.2f}" for value in rest])
    yield line("total", [f"{logit:+.2f}" for logit in explanation.logits()])
    yield line("probability", [f"{share:.2f}" for share in _shares(explanation)])
    if entry.second and _asked(explanation, score):
        yield "  not sure enough: the second small model was asked too, whose reasons are not known"
    if explanation.unknown:
        yield f"  unknown words: {', '.join(explanation.unknown)}"
