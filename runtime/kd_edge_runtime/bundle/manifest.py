"""A bundle's `manifest.json` as dataclasses, checked when it is read.

FORMAT.md describes every field and when to raise the protocol number. What is in an item is in
`entries`; everything that a reader needs can be imported from here.
"""

from __future__ import annotations

import json

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.bundle.entries import (
    DECISIONS,
    MAX_CLASSES,
    MOST_PROBABLE,
    NEAREST_EXPECTED,
    Flags,
    ItemEntry,
    Member,
    check_item,
    check_listed,
    check_members,
    read_item,
    read_member,
)
from kd_edge_runtime.bundle.fields import Fields, read_json, read_part, refuse_controls
from kd_edge_runtime.errors import BundleError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Callable

__all__ = [
    "DECISIONS",
    "FORMAT",
    "MAX_CLASSES",
    "MAX_ITEMS",
    "MOST_PROBABLE",
    "NEAREST_EXPECTED",
    "OLDEST_PROTOCOL",
    "PROTOCOL",
    "Flags",
    "ItemEntry",
    "Manifest",
    "Member",
    "check_item",
    "check_listed",
    "check_members",
    "check_names",
    "read_item",
    "read_json",
    "read_manifest",
    "read_member",
    "read_part",
    "refuse_controls",
]

FORMAT = "kd-edge-bundle"

# The protocol that is written, and the oldest that is read; see FORMAT.md, section 10.
PROTOCOL = 1
OLDEST_PROTOCOL = 1

MAX_ITEMS = 2000  # far above what is written; see FORMAT.md, section 17


@dataclass(frozen=True)
class Manifest:
    """The content of `manifest.json`.

    Attributes:
        protocol: the protocol number of the format.
        created: when the bundle was written, ISO 8601 in UTC.
        created_by: package names and versions.
        items: one entry per item.
        members: every file except the manifest itself.
        card: the member with the model card, Markdown.
        provenance: hashes and options of the stages that produced the bundle.
    """

    protocol: int
    created: str
    created_by: Mapping[str, str]
    items: tuple[ItemEntry, ...]
    members: Mapping[str, Member]
    card: str
    provenance: Mapping[str, Any]

    @property
    def item_ids(self) -> Sequence[str]:
        """The names of the items, in their order."""
        return [entry.item_id for entry in self.items]

    @property
    def classes(self) -> list[str]:
        """The classes of all items without duplicates, in the order of the items."""
        return list(dict.fromkeys(name for entry in self.items for name in entry.classes))

    @property
    def sizes(self) -> Mapping[str, int]:
        """The unpacked size of each member in bytes."""
        return {name: member.bytes for name, member in self.members.items()}

    def each_item(self, check: Callable[[ItemEntry], object]) -> None:
        """Checks each item, or has it checked as soon as it is read."""
        for entry in self.items:
            check(entry)

    def whole(self) -> Manifest:
        """The manifest with every part read and checked; itself, but for a large one.

        Raises:
            BundleError: a part of it is not as it must be.
        """
        return self

    def to_json(self) -> str:
        """The text of `manifest.json`."""
        from dataclasses import asdict  # needed to write a bundle, not to read one

        content = {"format": FORMAT, **asdict(self.whole())}
        for entry in content["items"]:
            # Bundles without them stay as they always were.
            for name in ("points", "part_of", "second", "held_out"):
                if not entry[name]:
                    del entry[name]
            if "second" in entry and not entry["second"]["held_out"]:
                del entry["second"]["held_out"]
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Reads and checks a manifest.

        Raises:
            BundleError: it is not a manifest, has an unsupported protocol, or is inconsistent.
        """
        manifest = read_manifest(read_part(text))
        check_names(manifest.item_ids)
        for entry in manifest.items:
            check_item(entry)
        check_listed(manifest.card, manifest.members, "the card")
        for entry in manifest.items:
            check_members(entry, manifest.members)
        return manifest

    def item(self, item_id: str | None = None) -> ItemEntry:
        """The entry of an item; without a name, the entry of the only item.

        Raises:
            InputError: there is no such item, or there are several and none was named.
        """
        if item_id is None:
            if len(self.items) == 1:
                return self.items[0]
            raise InputError(f"the bundle has {self.names()}: name one of them")
        found = self._found(item_id)
        if found:
            return found
        from kd_edge_runtime.suggestions import did_you_mean

        suggestion = did_you_mean(item_id, self.item_ids)
        start = f"{suggestion} It has" if suggestion else ": it has"
        raise InputError(f"the bundle has no item '{item_id}'{start} {self.names()}")

    def _found(self, item_id: str) -> ItemEntry | None:
        return next((entry for entry in self.items if entry.item_id == item_id), None)

    def names(self) -> str:
        """The number of items and the names of the first ten, for messages."""
        names = [f"'{name}'" for name in self.item_ids]
        shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        return f"{len(names)} item{'s' if len(names) != 1 else ''} ({shown})"


def read_manifest(raw: Any) -> Manifest:
    """The manifest of its JSON, whose fields are of the right types.

    Raises:
        BundleError: they are not, or it is of another protocol.
    """
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise BundleError("manifest.json is not from a kd-edge bundle")
    _check_protocol(raw.get("protocol"))
    get = Fields(raw, "manifest.json")
    return Manifest(
        protocol=get("protocol", int),
        created=get("created", str),
        created_by=get.map_of("created_by", str),
        items=tuple(read_item(entry, n) for n, entry in enumerate(get("items", list), 1)),
        members={name: read_member(name, entry) for name, entry in get("members", dict).items()},
        card=get("card", str),
        provenance=get("provenance", dict),
    )


def _check_protocol(protocol: Any) -> None:
    if not isinstance(protocol, int) or isinstance(protocol, bool):
        raise BundleError("manifest.json has no protocol number")
    if protocol > PROTOCOL:
        raise BundleError(
            f"the bundle has protocol {protocol}, and this kd-edge-runtime reads up to {PROTOCOL}: "
            "update kd-edge-runtime on this device"
        )
    if protocol < OLDEST_PROTOCOL:
        raise BundleError(f"there is no protocol {protocol}")


def check_names(names: Sequence[str]) -> None:
    """Refuses a manifest without items, with too many, or with one of them twice."""
    if not names or len(set(names)) != len(names):
        raise BundleError("manifest.json has no items, or an item is listed twice")
    if len(names) > MAX_ITEMS:
        raise BundleError(f"manifest.json has more than {MAX_ITEMS} items")
