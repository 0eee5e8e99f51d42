"""The figures of each scorer over all items of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kd_edge.evaluation.agreement import Line


@dataclass(frozen=True)
class Pooled:
    """The figures of one scorer over all items that it scored.

    Attributes:
        name: who scores.
        items: number of items.
        responses: number of responses to all items.
        qwk: mean of the items' QWKs, -1 to 1. A QWK over the responses of all items would
            reward a scorer for telling the items apart.
        least_qwk: the lowest of them.
        least_item: the item that it belongs to.
        accuracy: exact agreement over all responses, 0 to 1.
    """

    name: str
    items: int
    responses: int
    qwk: float
    least_qwk: float
    least_item: str
    accuracy: float


def pooled(items: Sequence[tuple[str, Sequence[Line]]]) -> tuple[Pooled, ...]:
    """The figures of every scorer over all items.

    Args:
        items: each item's name and its lines.

    Returns:
        One for each scorer, in order of first appearance.
    """
    by_scorer: dict[str, list[tuple[str, Line]]] = {}
    for item, lines in items:
        for line in lines:
            by_scorer.setdefault(line.name, []).append((item, line))
    return tuple(_pooled(scorer, lines) for scorer, lines in by_scorer.items())


def _pooled(name: str, lines: Sequence[tuple[str, Line]]) -> Pooled:
    figures = [line.agreement for _, line in lines]
    responses = sum(agreement.responses for agreement in figures)
    least_item, least = min(lines, key=lambda pair: pair[1].agreement.qwk)
    return Pooled(
        name=name,
        items=len(lines),
        responses=responses,
        qwk=sum(agreement.qwk for agreement in figures) / len(figures),
        least_qwk=least.agreement.qwk,
        least_item=least_item,
        accuracy=sum(figure.accuracy * figure.responses for figure in figures) / responses,
    )
