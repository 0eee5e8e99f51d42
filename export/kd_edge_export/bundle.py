"""Writes a bundle: members, hashes and manifest in one zip, atomically."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kd_edge_runtime.bundle.archive import MANIFEST, MAX_MANIFEST, MAX_MEMBER, MAX_TOGETHER
from kd_edge_runtime.bundle.manifest import PROTOCOL, Flags, ItemEntry, Manifest, Member
from kd_edge_runtime.bundle.second import Second
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.files import atomic_write

CARD = "card.md"

# The oldest date a zip can hold: with a fixed date, equal content gives equal bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16
_UNIX = 3


@dataclass(frozen=True)
class ItemParts:
    """One item as it goes into a bundle.

    Attributes:
        item_id: the item.
        student: the kind of student.
        classes: the classes, lowest first.
        values: the number each class counts as, whole or not, rising or falling.
        decision: how probabilities become a class.
        parameters: trained numbers.
        text: settings of the text stage, see FORMAT.md.
        vectorizer: file name and bytes of the vocabulary or tokenizer.
        forms: file name and bytes of the network by form.
        golden: the golden member.
        flags: the limits beyond which responses and scores are flagged.
        part_of: what its score is a part of, see FORMAT.md.
        second: a further student, for responses of which this one is not sure.
        held_out: how it scored held-out responses, see FORMAT.md; None where that is not told.
    """

    item_id: str
    student: str
    classes: tuple[str, ...]
    values: tuple[float, ...]
    decision: str
    parameters: int
    text: Mapping[str, Any]
    vectorizer: tuple[str, bytes]
    forms: Mapping[str, tuple[str, bytes]]
    golden: bytes
    flags: Flags = field(default_factory=Flags)
    part_of: str = ""
    second: SecondParts | None = None
    held_out: Mapping[str, Any] | None = None

    def entry(
        self,
        forms: Mapping[str, str],
        vectorizer: str,
        golden: str,
        second: Second | None = None,
    ) -> ItemEntry:
        """The item's entry in a manifest.

        Args:
            forms: member by form.
            vectorizer: the member with the vocabulary or tokenizer.
            golden: the member with the golden rows.
            second: the second student's entry.
        """
        whole = all(float(value).is_integer() for value in self.values)
        # A reader that does not know points counts steps instead.
        values = tuple(map(int, self.values)) if whole else tuple(range(len(self.values)))
        points = () if whole else self.values
        members = {"forms": forms, "vectorizer": vectorizer, "golden": golden, "second": second}
        return ItemEntry(**{**vars(self), **members, "values": values, "points": points})


def student_of_entry(
    entry: ItemEntry,
    item_id: str,
    vectorizer: tuple[str, bytes],
    forms: Mapping[str, tuple[str, bytes]],
    golden: bytes,
) -> ItemParts:
    """A student that a manifest describes, as the only one of an item in another bundle.

    Args:
        entry: the student.
        item_id: the item in the new bundle.
        vectorizer: see `ItemParts`, as `forms` and `golden`.
        forms: file name and bytes by form.
        golden: the golden rows.
    """
    return ItemParts(
        item_id=item_id,
        student=entry.student,
        classes=entry.classes,
        values=entry.worth,
        decision=entry.decision,
        parameters=entry.parameters,
        text=entry.text,
        vectorizer=vectorizer,
        forms=forms,
        golden=golden,
        flags=entry.flags,
    )


@dataclass(frozen=True)
class SecondParts:
    """The second student of an item as it goes into a bundle; see `Second`.

    Attributes:
        parts: the student; its item, classes, values, decision and flags are not written, as
            those of the first hold for both.
        below: it is asked where the first has less confidence, 0 to 1.
        weight: how much it counts beside the first, 0 to 1.
        temperature: of what both say together, > 0.
        review: the confidence below which a person should look, 0 to 1.
        held_out: how both together scored held-out responses; None where that is not told.
    """

    parts: ItemParts
    below: float
    weight: float
    temperature: float
    review: float
    held_out: Mapping[str, Any] | None = None

    def entry(self, forms: Mapping[str, str], vectorizer: str, golden: str) -> Second:
        """Its entry in a manifest; see `ItemParts.entry`."""
        return Second(
            student=self.parts.student,
            parameters=self.parts.parameters,
            text=self.parts.text,
            forms=forms,
            vectorizer=vectorizer,
            golden=golden,
            below=self.below,
            weight=self.weight,
            temperature=self.temperature,
            review=self.review,
            held_out=self.held_out,
        )


def write_bundle(
    path: Path,
    items: Sequence[ItemParts],
    card: str,
    created: str,
    created_by: Mapping[str, str],
    provenance: Mapping[str, Any],
) -> Manifest:
    """Writes a `.kdz`.

    Args:
        path: the file; an existing one is replaced.
        items: at least one.
        card: the model card, Markdown.
        created: when, ISO 8601 in UTC.
        created_by: version by package.
        provenance: how its students were trained, JSON types.

    Returns:
        The manifest written.

    Raises:
        InputError: the file cannot be written.
    """
    content: dict[str, bytes] = {CARD: card.encode("utf-8")}
    entries = []
    shared: dict[str, str] = {}
    for number, item in enumerate(items):
        folder = f"items/{number}"

        def add(name: str, data: bytes, folder: str = folder) -> str:
            if f"{folder}/{name}" in content:
                raise ValueError(f"an item has two members '{name}'")
            if name in shared and content[shared[name]] == data:
                return shared[name]  # a network that items share is stored once
            shared[name] = f"{folder}/{name}"
            content[f"{folder}/{name}"] = data
            return f"{folder}/{name}"

        def members(parts: ItemParts, folder: str = "") -> dict[str, Any]:
            return {
                "forms": {
                    form: add(f"{folder}{name}", data) for form, (name, data) in parts.forms.items()
                },
                "vectorizer": add(f"{folder}{parts.vectorizer[0]}", parts.vectorizer[1]),
                "golden": add(f"{folder}golden.json", parts.golden),
            }

        own, second = members(item), None
        if item.second:
            second = item.second.entry(**members(item.second.parts, "second/"))
        entries.append(item.entry(**own, second=second))
    manifest = Manifest(
        protocol=PROTOCOL,
        created=created,
        created_by=created_by,
        items=tuple(entries),
        members={
            name: Member(len(data), hashlib.sha256(data).hexdigest())
            for name, data in content.items()
        },
        card=CARD,
        provenance=provenance,
    )
    text = manifest.to_json()
    described = text.encode("utf-8")
    _refuse_unreadable(described, content)
    Manifest.from_json(text)  # raises if no device could read it
    with atomic_write(path, binary=True) as file, zipfile.ZipFile(file, "w") as archive:
        # The manifest first, so that a program that streams a bundle reads it before the members.
        _add(archive, MANIFEST, described)
        for name, data in content.items():
            _add(archive, name, data)
    return manifest


def _refuse_unreadable(manifest: bytes, content: Mapping[str, bytes]) -> None:
    """Refuses what every reader refuses for its size."""
    largest = max(content, key=lambda name: len(content[name]))
    for what, size, most in (
        ("the description of all items", len(manifest), MAX_MANIFEST),
        (f"'{largest}'", len(content[largest]), MAX_MEMBER),
        ("all files together", sum(map(len, content.values())), MAX_TOGETHER),
    ):
        if size > most:
            raise BundleError(
                f"no device could read this bundle: {what} would have {size:,} bytes, and "
                f"{most:,} is the most: put the items into several bundles"
            )


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system = _UNIX  # on every system
    info.external_attr = _READABLE
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data, compresslevel=9)
