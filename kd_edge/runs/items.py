"""Several items in one run: an item that fails stops no other, and their figures together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kd_edge.console.progress import say
from kd_edge.evaluation.agreement import Line
from kd_edge.stages.record import StoppedError
from kd_edge_runtime.errors import InputError, KdEdgeError

_Given = TypeVar("_Given")
_Done = TypeVar("_Done")


@dataclass(frozen=True)
class Failed:
    """An item that came to nothing.

    Attributes:
        item_id: the item.
        why: what was wrong with it, for people.
    """

    item_id: str
    why: str


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


def each_item(
    items: Sequence[tuple[str, _Given]], go: Callable[[_Given], _Done]
) -> tuple[list[_Done], list[Failed]]:
    """Does something for every item, whatever becomes of the others.

    Args:
        items: each item's name, and what `go` takes; at least one.
        go: does it.

    Returns:
        What came of those that went through, and those that did not.

    Raises:
        KdEdgeError: of the only item; or that all have failed.
        StoppedError: the user stopped it.
    """
    if len(items) == 1:
        return [go(items[0][1])], []
    done: list[_Done] = []
    failed: list[Failed] = []
    for place, (name, given) in enumerate(items, 1):
        say(f"Item {place} of {len(items)}: '{name}'")
        try:
            done.append(go(given))
        except StoppedError:
            raise
        except KdEdgeError as error:
            failed.append(Failed(name, str(error)))
            say(f"  failed, the others go on: {error}")
    if not done:
        said = "".join(f"\n  '{one.item_id}': {one.why}" for one in failed)
        raise InputError(f"none of the {len(items)} items went through:{said}")
    return done, failed


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
