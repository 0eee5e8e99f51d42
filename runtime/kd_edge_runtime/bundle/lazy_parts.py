"""The items and members of a large manifest, each read and checked when it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.bundle.manifest import (
    ItemEntry,
    Member,
    check_item,
    check_members,
    read_item,
    read_member,
    read_part,
)
from kd_edge_runtime.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Callable

_CLASSES = '\n   "classes": ['


class Unread:
    """A part of a manifest that is read when it is used.

    Args:
        text: its JSON.
        where: the bundle, for messages.
        what: the part, for messages.
    """

    def __init__(self, text: str, where: str, what: str) -> None:
        self._text, self._where, self._what = text, where, what

    def read(self) -> dict[str, Any]:
        """The part; raises a `BundleError` if it is not an object in JSON."""
        try:
            found = read_part(self._text, what=self._what)
        except BundleError as error:
            raise BundleError(f"{self._where}: {error}") from None
        return found  # type: ignore[no-any-return]  # in brackets: nothing but an object


class LazyItems(Sequence[ItemEntry]):
    """The items of a manifest, of which each is read when it is used.

    Args:
        texts: the JSON of each, without its brackets.
        ids: their names.
        members: the bundle's members.
        where: the bundle, for messages.

    Attributes:
        ids: see above.
        check: what else is checked of an item when it is read; it may raise a `BundleError`.
    """

    def __init__(
        self, texts: Sequence[str], ids: Sequence[str], members: LazyMembers, where: str
    ) -> None:
        self._texts, self.ids, self._members, self._where = texts, ids, members, where
        self._entries: dict[int, ItemEntry] = {}
        self._places = {item_id: at for at, item_id in enumerate(ids)}
        self.check: Callable[[ItemEntry], object] = lambda _: None

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return tuple(self[one] for one in range(*at.indices(len(self))))
        place = range(len(self))[at]
        if place not in self._entries:
            self._entries[place] = self._read(place)
        return self._entries[place]

    def found(self, item_id: str) -> ItemEntry | None:
        """The item of this name; None for none."""
        at = self._places.get(item_id)
        return None if at is None else self[at]

    def classes(self) -> list[str]:
        """The classes of all items without duplicates, in the order of the items.

        Items have the same as a rule, which are read once.
        """
        lists: dict[str, int] = {}
        for at, text in enumerate(self._texts):
            start = text.find(_CLASSES)
            lists.setdefault(text[start : text.find("\n   ]", start)] if start >= 0 else text, at)
        return list(dict.fromkeys(name for at in lists.values() for name in self[at].classes))

    def _read(self, at: int) -> ItemEntry:
        what = f"item {at + 1}"
        raw = Unread(f"{{{self._texts[at]}}}", self._where, what).read()
        try:
            entry = read_item(raw, at + 1)
            if entry.item_id != self.ids[at]:
                raise BundleError(f"manifest.json, {what}: 'item_id' is given twice")
            check_item(entry)
            check_members(entry, self._members)
        except BundleError as error:
            raise BundleError(f"{self._where}: {error}") from None
        self.check(entry)
        return entry


class LazyMembers(Mapping[str, Member]):
    """The members of a manifest, of which each is read when it is used.

    Args:
        lines: four for each: its name, size, hash, and the end.
        where: the bundle, for messages.

    Attributes:
        sizes: the unpacked size of each in bytes.
    """

    def __init__(self, lines: Sequence[str], sizes: dict[str, int], where: str) -> None:
        self._lines, self.sizes, self._where = lines, sizes, where
        self._places = {name: 4 * at for at, name in enumerate(sizes)}

    def __len__(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[str]:
        return iter(self.sizes)

    def __contains__(self, name: object) -> bool:
        return name in self.sizes

    def __getitem__(self, name: str) -> Member:
        at = self._places[name]
        text = "{" + "".join(self._lines[at + 1 : at + 3]) + "}"
        raw = Unread(text, self._where, f"member '{name}'").read()
        try:
            return read_member(name, raw)
        except BundleError as error:
            raise BundleError(f"{self._where}: {error}") from None
