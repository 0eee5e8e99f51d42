"""A bundle's `manifest.json` as dataclasses, checked when it is read.

FORMAT.md describes every field and when to raise the protocol number.
"""

from __future__ import annotations

import json
import sys

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import BundleError, InputError, steers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any, Callable, TypeVar

    from kd_edge_runtime.bundle.second import Second

    _T = TypeVar("_T")

FORMAT = "kd-edge-bundle"

# The protocol that is written, and the oldest that is read; see FORMAT.md, section 10.
PROTOCOL = 1
OLDEST_PROTOCOL = 1

# How a student's probabilities become a class.
MOST_PROBABLE = "most-probable"
NEAREST_EXPECTED = "nearest-expected"
DECISIONS = (MOST_PROBABLE, NEAREST_EXPECTED)

# More than there are words anywhere, and far from what no float holds.
_TOO_LARGE = 1e9

# Far above what is written; see FORMAT.md, section 17.
MAX_CLASSES = 1000
MAX_ITEMS = 2000
_BITS_53 = 1 << 53
_MOST_DIGITS = 4300  # as in Python from 3.11 on


@dataclass(frozen=True)
class Member:
    """One file in the bundle.

    Attributes:
        bytes: its uncompressed size.
        sha256: its SHA-256, 64 hexadecimal digits.
    """

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Flags:
    """The limits by which responses to an item and their scores are flagged; 0 or empty: none.

    Attributes:
        review: confidence below which a person should look, 0 to 1.
        longest: the most words of a response.
        distinct: a response of n words repeats itself if it has fewer distinct words than this
            times n^0.75.
        known: the usual number of known n-grams per word, and how far the number may lie below
            and above that, in units of the square root of the number of words; empty if
            n-grams are not counted.
        prompt: 16-bit hashes of the pairs of neighbouring words in the prompt, increasing.
    """

    review: float = 0.0
    longest: int = 0
    distinct: float = 0.0
    known: tuple[float, ...] = ()
    prompt: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, raw: Any, where: str) -> Flags:
        """Reads and checks the limits, all of which are optional.

        Args:
            raw: a JSON object.
            where: the name of the object in messages.

        Raises:
            BundleError: a field has the wrong type or is out of range.
        """
        get = _Getter(raw, where)
        get.default(review=0, longest=0, distinct=0, known=[], prompt=[])
        flags = cls(
            get("review", float),
            get("longest", int),
            get("distinct", float),
            get.list_of("known", float),
            get.list_of("prompt", int),
        )
        numbers = (flags.review, flags.longest, flags.distinct, *flags.known)
        if len(flags.known) not in (0, 3) or not all(
            abs(number) < _TOO_LARGE for number in numbers
        ):
            raise BundleError(f"{where}: 'known' needs three numbers, or a number is too large")
        return flags


@dataclass(frozen=True)
class ItemEntry:
    """An item and its student.

    Attributes:
        item_id: the item's name in tables of responses.
        student: the kind of network: "bag", "pairs", "rnn" or "transformer".
        classes: the scores or class words, from the lowest to the highest.
        values: the number that each class stands for in an expected score, for readers that do
            not know `points`; the scores themselves if all are whole numbers.
        decision: one of `DECISIONS`.
        parameters: number of parameters of the network.
        text: options of the student's text stage, which depend on its kind (see FORMAT.md).
        forms: the member that holds each form of the network, e.g. "plain-int8" or "onnx-fp32".
        vectorizer: the member with the vocabulary or the tokenizer.
        golden: the member with the golden rows.
        flags: the limits for flags.
        points: what each class is worth if not all are whole numbers, increasing or decreasing;
            empty if `values` says it.
        part_of: what its score is a part of, where the scores of several items add up; "" if it
            stands for itself.
        second: a further student, for responses of which the first is not sure; None for none.
        held_out: how held-out responses were scored, to be read by `held_out.held_out_of`; None
            where the bundle does not say.
    """

    item_id: str
    student: str
    classes: tuple[str, ...]
    values: tuple[int, ...]
    decision: str
    parameters: int
    text: Mapping[str, Any]
    forms: Mapping[str, str]
    vectorizer: str
    golden: str
    flags: Flags = Flags()
    points: tuple[float, ...] = ()
    part_of: str = ""
    second: Second | None = None
    held_out: Mapping[str, Any] | None = None

    @property
    def worth(self) -> tuple[float, ...]:
        """What each class counts as in an expected score; [K]."""
        return self.points or self.values


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


class _Getter:
    """Reads fields of a JSON object and reports those of the wrong type."""

    def __init__(self, raw: Any, where: str) -> None:
        if not isinstance(raw, dict):
            raise BundleError(f"{where} is not an object")
        self._raw: dict[str, Any] = raw
        self._where = where

    def default(self, **values: Any) -> None:
        """Sets the values of optional fields that are missing."""
        self._raw = {**values, **self._raw}

    def __call__(self, name: str, kind: type[_T]) -> _T:
        value: Any = self._raw.get(name)
        if not _has_type(value, kind):
            raise BundleError(f"{self._where}: '{name}' is missing or not of type {kind.__name__}")
        if kind is int:
            self._refuse_large(name, value, value)
        refuse_controls(value, self._where)
        checked: _T = value
        return checked

    def list_of(self, name: str, kind: type[_T]) -> tuple[_T, ...]:
        values: list[Any] = self(name, list)
        if not all(_has_type(value, kind) for value in values):
            raise BundleError(f"{self._where}: '{name}' has a value not of type {kind.__name__}")
        if kind is int and values:
            self._refuse_large(name, min(values), max(values))
        for value in values:
            refuse_controls(value, self._where)
        return tuple(values)

    def _refuse_large(self, name: str, least: int, most: int) -> None:
        """Refuses whole numbers that not every reader holds exactly."""
        if not -_BITS_53 < least <= most < _BITS_53:
            raise BundleError(f"{self._where}: '{name}' holds a number of more than 53 bits")

    def map_of(self, name: str, kind: type[_T]) -> dict[str, _T]:
        values: dict[str, Any] = self(name, dict)
        if not all(isinstance(value, kind) for value in values.values()):
            raise BundleError(f"{self._where}: '{name}' has a value not of type {kind.__name__}")
        for one in (*values, *values.values()):
            refuse_controls(one, self._where)
        return values


def _has_type(value: Any, kind: type) -> bool:
    """Whether a JSON value has a type: integers are floats too, booleans are not numbers."""
    kinds = (int, float) if kind is float else kind
    return isinstance(value, kinds) and not isinstance(value, bool)


def refuse_controls(value: Any, where: str) -> None:
    """Refuses a name that could steer a terminal, or add a line to what is printed there."""
    if isinstance(value, str) and not value.isprintable():
        for character in value:
            if steers(character):
                raise BundleError(f"{where}: a name holds a control character ({character!a})")


def read_json(text: str, fields: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Reads JSON of a bundle.

    Args:
        text: the JSON.
        fields: makes an object of its fields; None for a dictionary.

    Raises:
        ValueError, RecursionError: it is not valid; NaN, infinity, or far too long a number.
    """
    if hasattr(sys, "get_int_max_str_digits"):
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=fields)
    # Without that limit, a number of a million digits is read for minutes.
    return json.loads(
        text, parse_constant=_no_constant, parse_int=_short_int, object_pairs_hook=fields
    )


def read_part(
    text: str, fields: Callable[[list[tuple[str, Any]]], Any] | None = None, what: str = ""
) -> Any:
    """Reads a manifest's JSON, or that of a part of it.

    Args:
        text: the JSON.
        fields: see `read_json`.
        what: the part, for messages; "" for all of it.

    Raises:
        BundleError: it is not valid.
    """
    try:
        raw = read_json(text, fields)
        # Half a surrogate pair is not valid text: it can be neither printed nor written.
        if "\\ud" in text or "\\uD" in text:
            json.dumps(raw, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        part = f"manifest.json, {what}:" if what else "manifest.json is"
        raise BundleError(f"{part} not valid JSON: copy the bundle again") from None
    return raw


def read_manifest(raw: Any) -> Manifest:
    """The manifest of its JSON, whose fields are of the right types.

    Raises:
        BundleError: they are not, or it is of another protocol.
    """
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise BundleError("manifest.json is not from a kd-edge bundle")
    _check_protocol(raw.get("protocol"))
    get = _Getter(raw, "manifest.json")
    return Manifest(
        protocol=get("protocol", int),
        created=get("created", str),
        created_by=get.map_of("created_by", str),
        items=tuple(read_item(entry, n) for n, entry in enumerate(get("items", list), 1)),
        members={name: read_member(name, entry) for name, entry in get("members", dict).items()},
        card=get("card", str),
        provenance=get("provenance", dict),
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _short_int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)


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


def read_member(name: str, raw: Any) -> Member:
    """A member of its JSON; raises a `BundleError` if that is not as it must be."""
    refuse_controls(name, "manifest.json, members")
    get = _Getter(raw, f"manifest.json, member '{name}'")
    member = Member(get("bytes", int), get("sha256", str))
    if member.bytes < 0 or len(member.sha256) != 64:
        raise BundleError(f"manifest.json, member '{name}': bytes or sha256 is not valid")
    return member


def read_item(raw: Any, number: int) -> ItemEntry:
    """The item of this number of its JSON; raises a `BundleError` if a type is not right."""
    where = f"manifest.json, item {number}"
    get = _Getter(raw, where)
    get.default(points=[], part_of="", held_out={})
    return ItemEntry(
        item_id=get("item_id", str),
        student=get("student", str),
        classes=get.list_of("classes", str),
        values=get.list_of("values", int),
        decision=get("decision", str),
        parameters=get("parameters", int),
        text=get("text", dict),
        forms=get.map_of("forms", str),
        vectorizer=get("vectorizer", str),
        golden=get("golden", str),
        flags=Flags.from_json(raw.get("flags", {}), f"{where}, flags"),
        points=get.list_of("points", float),
        part_of=get("part_of", str),
        second=_second(raw["second"], f"{where}, second") if "second" in raw else None,
        held_out=get("held_out", dict) or None,
    )


def _second(raw: Any, where: str) -> Second:
    from kd_edge_runtime.bundle.second import read_second

    return read_second(_Getter(raw, where), where)


def check_names(names: Sequence[str]) -> None:
    """Refuses a manifest without items, with too many, or with one of them twice."""
    if not names or len(set(names)) != len(names):
        raise BundleError("manifest.json has no items, or an item is listed twice")
    if len(names) > MAX_ITEMS:
        raise BundleError(f"manifest.json has more than {MAX_ITEMS} items")


def check_members(entry: ItemEntry, members: Collection[str]) -> None:
    """Refuses an item of which the bundle does not have every member."""
    where = f"item '{entry.item_id}'"
    for name in (entry.vectorizer, entry.golden, *entry.forms.values()):
        check_listed(name, members, where)
    for name in entry.second.members if entry.second else ():
        check_listed(name, members, f"{where}, second")


def check_listed(name: str, members: Collection[str], where: str) -> None:
    """Refuses a member that is named somewhere, and not listed."""
    if name not in members:
        raise BundleError(f"{where} names the member '{name}', which the bundle does not list")


def check_item(entry: ItemEntry) -> None:
    """Refuses an item whose parts are inconsistent."""
    where = f"item '{entry.item_id}'"
    if len(entry.classes) < 2 or len(set(entry.classes)) != len(entry.classes):
        raise BundleError(f"{where}: fewer than two classes, or a class listed twice")
    if len(entry.classes) > MAX_CLASSES:
        raise BundleError(f"{where}: more than {MAX_CLASSES} classes")
    if len(entry.values) != len(entry.classes):
        raise BundleError(f"{where}: the number of values differs from the number of classes")
    if entry.points:
        from kd_edge_runtime.points import check_points

        check_points(entry.points, len(entry.classes), where)
    if entry.decision not in DECISIONS:
        raise BundleError(f"{where}: unknown decision '{entry.decision}'")
    if not entry.forms:
        raise BundleError(f"{where}: there is no form of the network")
