"""Several items in one run: an item that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kd_edge.console.progress import say
from kd_edge.stages.record import StoppedError
from kd_edge.students.registry import DEFAULT
from kd_edge_runtime.bundle.archive import MAX_TOGETHER
from kd_edge_runtime.errors import InputError, KdEdgeError

# What one bundle can hold: readers take 8 MiB of manifest, where an item has some 7 KB, and 1 GiB
# of members, where a transformer has some 4.5 MB.
_MOST, _MOST_TRANSFORMERS = 1000, 200

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Failed:
    """An item that failed.

    Attributes:
        item_id: the item.
        why: the error message.
    """

    item_id: str
    why: str


def refuse_too_many(items: int, students: Sequence[str], limit: int | None = None) -> None:
    """Refuse, before anything is trained, more items than one bundle can hold.

    Args:
        items: their number.
        students: the kinds that an item may get, as `RunOptions.searched`.
        limit: bytes that an item may take; None for any.

    Raises:
        InputError: there are too many.
    """
    most = _MOST
    if any(student != DEFAULT for student in students):
        room = MAX_TOGETHER // limit if limit else 0
        most = min(_MOST, max(_MOST_TRANSFORMERS, room))
    if items > most:
        smaller = ""
        if items <= _MOST:
            kilobytes = MAX_TOGETHER // items // 1000
            smaller = f"take --student bag, or --max-size {kilobytes}KB at most; or "
        raise InputError(
            f"{items:,} items are too many for one bundle, which holds {most:,} of this kind: "
            f"{smaller}divide the responses, by subject or year, and run each part by itself; "
            "'kd-edge index' then lists the bundles"
        )


def each_item(
    items: Sequence[tuple[str, _Argument]], function: Callable[[_Argument], _Result]
) -> tuple[list[_Result], list[Failed]]:
    """Call a function for every item, even where others fail.

    Args:
        items: each item's name, and the argument for `function`; at least one.
        function: raises a KdEdgeError where an item fails.

    Returns:
        The results of the items that succeeded, and the items that failed.

    Raises:
        KdEdgeError: the only item failed, or all items did.
        StoppedError: the user stopped it.
    """
    return sort_outcomes([name for name, _ in items], _in_turn(items, function))


def _in_turn(
    items: Sequence[tuple[str, _Argument]], function: Callable[[_Argument], _Result]
) -> Iterator[tuple[int, _Result | KdEdgeError]]:
    for place, (name, argument) in enumerate(items):
        if len(items) > 1:
            say(f"Item {place + 1} of {len(items)}: '{name}'")
        try:
            outcome: _Result | KdEdgeError = function(argument)
        except StoppedError:
            raise
        except KdEdgeError as error:
            outcome = error
        yield place, outcome


def sort_outcomes(
    names: Sequence[str], outcomes: Iterable[tuple[int, _Result | KdEdgeError]]
) -> tuple[list[_Result], list[Failed]]:
    """Put what became of items in their order; say of each that failed why, when it has.

    Args:
        names: the items, at least one.
        outcomes: an item's place among them and its result or error, in any order.

    Returns:
        See `each_item`.

    Raises:
        KdEdgeError: the only item failed, or all items did.
    """
    results: dict[int, _Result] = {}
    errors: dict[int, KdEdgeError] = {}
    for place, outcome in outcomes:
        if not isinstance(outcome, KdEdgeError):
            results[place] = outcome
        elif len(names) == 1:
            raise outcome
        else:
            errors[place] = outcome
            say(f"  failed; the other items continue: {outcome}")
    failed = [Failed(names[place], str(errors[place])) for place in sorted(errors)]
    if not results:
        reasons = "".join(f"\n  '{item.item_id}': {item.why}" for item in failed)
        raise InputError(f"none of the {len(names)} items succeeded:{reasons}")
    return [results[place] for place in sorted(results)], failed
