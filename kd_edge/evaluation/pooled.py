"""Each scorer over all items of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kd_edge.evaluation.agreement import Line


@dataclass(frozen=True)
class Pooled:
    """One scorer's figures over all items that it scored.

    Attributes:
        name: who scores.
        items: how many items.
        responses: to all of them.
        qwk: mean of the items' QWKs, -1 to 1. A QWK over the responses of all items would
            reward a scorer for telling the items apart.
        least_qwk: the lowest of them.
        least_item: whose it is.
        accuracy: share of all responses with the people's score, 0 to 1.
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
        One for each scorer, in the order in which they are met.
    """
    found: dict[str, list[tuple[str, Line]]] = {}
    for name, lines in items:
        for line in lines:
            found.setdefault(line.name, []).append((name, line))
    return tuple(_pooled(name, lines) for name, lines in found.items())


def _pooled(name: str, lines: Sequence[tuple[str, Line]]) -> Pooled:
    figures = [line.agreement for _, line in lines]
    responses = sum(one.responses for one in figures)
    least_item, least = min(lines, key=lambda both: both[1].agreement.qwk)
    return Pooled(
        name=name,
        items=len(lines),
        responses=responses,
        qwk=sum(one.qwk for one in figures) / len(figures),
        least_qwk=least.agreement.qwk,
        least_item=least_item,
        accuracy=sum(one.accuracy * one.responses for one in figures) / responses,
    )
