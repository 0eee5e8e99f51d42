"""What the students of a bundle have in common, made once however many items name it.

The questions of a bundle may share one network and one tokenizer, which take long to load and much
memory. What is made is kept as long as the bundle is open, or two rounds long (`next_round`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any, Callable, TypeVar

    from kd_edge_runtime.students.item import LoadedItem, Members

    T = TypeVar("T")


class _Made:
    """What was made in this round, and what is left of the one before."""

    def __init__(self) -> None:
        self.now: dict[Hashable, Any] = {}
        self.before: dict[Hashable, Any] = {}


# By bundle; a value may not hold the bundle, which would then never be freed.
_made: WeakKeyDictionary[Members, _Made] = WeakKeyDictionary()


def once(bundle: Members, key: Hashable, make: Callable[[], T]) -> T:
    """What is kept for a bundle under a key; made if there is none yet.

    Args:
        bundle: an open bundle, or members in memory.
        key: all that the value depends on, apart from the bundle.
        make: makes it; what it raises is not kept. It may not keep hold of the bundle.
    """
    made = _made.setdefault(bundle, _Made())
    if key not in made.now:
        made.now[key] = made.before[key] if key in made.before else make()
    value: T = made.now[key]
    return value


def again(bundle: Members, key: Hashable, value: object) -> None:
    """Keeps another value under a key."""
    _made.setdefault(bundle, _Made()).now[key] = value


def next_round(bundle: Members) -> None:
    """Forgets what nobody has asked for since this was called last.

    For whoever goes through all items of a bundle and is done with each before the next.
    """
    made = _made.setdefault(bundle, _Made())
    made.now, made.before = {}, made.now


def member_key(item: LoadedItem, name: str) -> str:
    """The same for members of an item's bundle with the same bytes, without reading them."""
    manifest = getattr(item.bundle, "manifest", None)  # members in memory have none
    member = manifest.members.get(name) if manifest else None
    return member.sha256 if member else name
