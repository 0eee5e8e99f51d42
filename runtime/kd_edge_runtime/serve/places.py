"""A limited number of places, and a queue for them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Places(Generic[T]):
    """Gives places in the order in which they were asked for.

    Args:
        most: how many there are, at least 1.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._asked: dict[T, None] = {}  # in order: the first `most` have a place

    def ask(self, who: T) -> bool:
        """Puts somebody into the queue who is not in it; whether they have a place now."""
        self._asked.setdefault(who)
        return who in self.holders()

    def holders(self) -> list[T]:
        """Those who have a place."""
        return [who for who, _ in zip(self._asked, range(self._most))]

    def leave(self, who: T) -> None:
        """Takes somebody out of the queue, if they are in it."""
        self._asked.pop(who, None)
