"""The manifest of a bundle with many items, each of which is read and checked when it is used.

A manifest as kd-edge writes it has a field of an item on each line, and JSON allows no line end
within a string: so its lines say where an item begins, without reading what is in it. Each
item, member, and the provenance must then be JSON by itself; a manifest that is laid out in any
other way is read whole, as a short one is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import repeat

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.bundle.lazy_parts import LazyItems, LazyMembers, Unread
from kd_edge_runtime.bundle.manifest import (
    ItemEntry,
    Manifest,
    check_listed,
    check_names,
    read_manifest,
    read_part,
    refuse_controls,
)

if TYPE_CHECKING:
    from typing import Any, Callable

_ITEMS = '\n "items": [\n  {\n'
_MEMBERS = '\n  }\n ],\n "members": {\n'
_CARD = '\n  }\n },\n "card": '
_PROVENANCE = '\n "provenance": {'
_END = "\n}\n"
_NEXT = "\n  },\n  {\n"
_ITEM_ID = '   "item_id": "'
_BYTES = '   "bytes": '
_SHA256 = '   "sha256": "'
_DIGITS = 16


class LargeManifest(Manifest):
    """A manifest of which only what every reader needs has been read.

    The items, each member and the provenance are read when they are used, and raise a
    `BundleError` then if they are not as they must be.
    """

    @property
    def provenance(self) -> Mapping[str, Any]:
        """See `Manifest`."""
        found = self.__dict__["provenance"]
        if isinstance(found, Unread):
            found = self.__dict__["provenance"] = found.read()
        provenance: Mapping[str, Any] = found
        return provenance

    @property
    def item_ids(self) -> Sequence[str]:
        """See `Manifest`."""
        return self._items.ids

    @property
    def classes(self) -> list[str]:
        """See `Manifest`."""
        return self._items.classes()

    @property
    def sizes(self) -> Mapping[str, int]:
        """See `Manifest`."""
        members: LazyMembers = self.__dict__["members"]
        return members.sizes

    @property
    def _items(self) -> LazyItems:
        items: LazyItems = self.__dict__["items"]
        return items

    def each_item(self, check: Callable[[ItemEntry], object]) -> None:
        """See `Manifest`."""
        self._items.check = check

    def whole(self) -> Manifest:
        """See `Manifest`."""
        read = {"items": (*self.items,), "members": {**self.members}}
        return Manifest(**{**vars(self), **read, "provenance": self.provenance})

    def _found(self, item_id: str) -> ItemEntry | None:
        return self._items.found(item_id)


def large_manifest(text: str, where: str) -> LargeManifest | None:
    """Reads a manifest in parts; None if it is not laid out as kd-edge writes it.

    Args:
        text: the manifest.
        where: the bundle, for messages about parts that are read later.

    Raises:
        BundleError: what is read now is not as it must be.
    """
    parts = _split(text)
    if parts is None:
        return None
    rest, items, listed, provenance = parts
    ids, members = [*map(_item_id, items)], _members(listed, where)
    raw = _once(rest)
    if members is None or raw is None or None in ids:
        return None
    manifest = read_manifest(raw)
    names = [name for name in ids if name is not None]
    check_names(names)
    for one in ("".join(names), "".join(members)):
        refuse_controls(one, "manifest.json")
    check_listed(manifest.card, members, "the card")
    lazily = {
        "items": LazyItems(items, names, members, where),
        "members": members,
        "provenance": Unread(f"{{{provenance}", where, "provenance"),
    }
    return LargeManifest(**{**vars(manifest), **lazily})


def _split(text: str) -> tuple[str, list[str], str, str] | None:
    """A manifest without its long parts; and the texts of the items, members and provenance."""
    items, members = text.find(_ITEMS), text.find(_MEMBERS)
    card, provenance = text.find(_CARD, members), text.rfind(_PROVENANCE)
    if not 0 < items < members < card < provenance or not text.endswith(_END):
        return None
    rest = (
        f'{text[:items]}\n "items": [],\n "members": {{}},\n "card": '
        f'{text[card + len(_CARD) : provenance]}\n "provenance": {{}}\n}}'
    )
    return (
        rest,
        text[items + len(_ITEMS) : members].split(_NEXT),
        text[members + len(_MEMBERS) : card],
        text[provenance + len(_PROVENANCE) : -len(_END)],
    )


def _item_id(text: str) -> str | None:
    """The name that an item's first line gives; None if it gives none."""
    line, _, _ = text.partition("\n")
    if not line.startswith(_ITEM_ID) or not line.endswith('",'):
        return None
    if "\\" not in line and '"' not in line[len(_ITEM_ID) : -2]:
        return line[len(_ITEM_ID) : -2]
    try:
        name = json.loads(line[len(_ITEM_ID) - 1 : -1])
    except ValueError:
        return None
    return name if isinstance(name, str) else None


def _members(text: str, where: str) -> LazyMembers | None:
    """The members, none of whose hashes has been looked at; None if there is more than that."""
    lines = [*text.split("\n"), "  },"]
    names, sizes, hashes = lines[::4], lines[1::4], lines[2::4]
    numbers = [line[len(_BYTES) : -1] for line in sizes]
    usual = (
        len(lines) % 4 == 0
        and {*lines[3::4]} == {"  },"}
        and text.isascii()
        and "\\" not in text
        and text.count('"') == 8 * len(names)
        and all(map(str.startswith, names, repeat('  "')))
        and all(map(str.endswith, names, repeat('": {')))
        and all(map(str.startswith, sizes, repeat(_BYTES)))
        and all(map(str.endswith, sizes, repeat(",")))
        and all(map(str.startswith, hashes, repeat(_SHA256)))
        and all(map(str.isdecimal, numbers))
        and max(map(len, numbers)) < _DIGITS
    )
    if not usual:
        return None
    found = dict(zip((line[3:-4] for line in names), map(int, numbers)))
    return LazyMembers(lines, found, where) if len(found) == len(names) else None


def _once(text: str) -> dict[str, Any] | None:
    """A manifest's JSON; None if it gives a field twice, of which the last would count."""
    twice = False

    def fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        found = dict(pairs)
        twice = twice or len(found) < len(pairs)
        return found

    raw = read_part(text, fields)
    return None if twice else raw
