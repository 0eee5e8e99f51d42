"""Several items in one run: an item that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kd_edge.console.progress import say
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
