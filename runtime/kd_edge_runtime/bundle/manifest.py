"""What a bundle says of itself: `manifest.json` as dataclasses, checked on the way in.

FORMAT.md describes every field and the policy for raising the protocol.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import BundleError, InputError

if TYPE_CHECKING:
    from typing import Any, TypeVar

    _T = TypeVar("_T")

FORMAT = "kd-edge-bundle"

# The protocol written, and the oldest one read. FORMAT.md says when to raise it, and how.
PROTOCOL = 1
OLDEST_PROTOCOL = 1

# How a student's probabilities become a class.
MOST_PROBABLE = "most-probable"
NEAREST_EXPECTED = "nearest-expected"
DECISIONS = (MOST_PROBABLE, NEAREST_EXPECTED)

# More than there are words or points anywhere, and far from what no float holds.
_TOO_LARGE = 1e9


@dataclass(frozen=True)
class Member:
    """One file of the bundle.

    Attributes:
        bytes: its size, unpacked.
        sha256: its hash, 64 hexadecimal digits.
    """

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Flags:
    """What responses to an item and their scores are flagged by; nothing where all is 0.

    Attributes:
        review: confidence below which a person should look, 0 to 1.
        longest: words; more are longer than anything seen.
        distinct: fewer distinct words than this times n^0.75, of n, are the same again.
        known: what is usual of known n-grams: how many a word, and how far their number may be
            below and above that, in roots of the words. Empty where they are not counted.
        prompt: 16-bit hashes of the prompt's pairs of words, rising.
    """

    review: float = 0.0
    longest: int = 0
    distinct: float = 0.0
    known: tuple[float, ...] = ()
    prompt: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, raw: Any, where: str) -> Flags:
        """Reads and checks flags, each of which may be left out.

        Args:
            raw: an object as JSON has it.
            where: what it is called in messages.

        Raises:
            BundleError: a field is of another type, or out of its range.
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
        if len(flags.known) not in (0, 3) or not all(abs(one) < _TOO_LARGE for one in numbers):
            raise BundleError(f"{where}: 'known' is not three numbers, or a number is too large")
        return flags


@dataclass(frozen=True)
class ItemEntry:
    """One item's student.

    Attributes:
        item_id: the item, as the responses name it.
        student: the kind of network: "bag", "pairs", "rnn" or "transformer".
        classes: the scores or class words, from the lowest to the highest.
        values: the number each class counts as in an expected score, as readers that know no
            `points` have it; the scores themselves where these are whole numbers.
        decision: one of `DECISIONS`.
        parameters: trained numbers in the network.
        text: what the student's text stage needs to know (kind by kind, see FORMAT.md).
        forms: member by form of the network, e.g. "plain-int8" or "onnx-fp32".
        vectorizer: the member with the vocabulary or the tokenizer.
        golden: the member with the golden rows.
        flags: what is flagged.
        points: what each class is worth where not all are whole numbers, rising or falling;
            empty where `values` says it.
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

    @property
    def worth(self) -> tuple[float, ...]:
        """What each class counts as in an expected score; [K]."""
        return self.points or self.values


@dataclass(frozen=True)
class Manifest:
    """The whole of `manifest.json`.

    Attributes:
        protocol: the format's number.
        created: when it was written, ISO 8601 in UTC.
        created_by: version by package.
        items: one entry an item.
        members: every file but the manifest itself.
        card: the member with the model card, Markdown.
        provenance: hashes and options of the stages it was made by.
    """

    protocol: int
    created: str
    created_by: Mapping[str, str]
    items: tuple[ItemEntry, ...]
    members: Mapping[str, Member]
    card: str
    provenance: Mapping[str, Any]

    def to_json(self) -> str:
        """The text of `manifest.json`."""
        from dataclasses import asdict  # where a bundle is made, not where it is read

        content = {"format": FORMAT, **asdict(self)}
        for entry in content["items"]:
            if not entry["points"]:  # bundles of whole scores stay as they always were
                del entry["points"]
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Reads and checks a manifest.

        Raises:
            BundleError: not a manifest of a protocol read here, or it contradicts itself.
        """
        try:
            raw = json.loads(text, parse_constant=_no_constant)
            # Half a surrogate pair is no text: it could be neither shown nor written.
            json.dumps(raw, ensure_ascii=False).encode("utf-8")
        except (ValueError, RecursionError) as error:
            raise BundleError(f"manifest.json is not JSON: {error}") from None
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise BundleError("manifest.json is not that of a kd-edge bundle")
        _check_protocol(raw.get("protocol"))
        get = _Getter(raw, "manifest.json")
        manifest = cls(
            protocol=get("protocol", int),
            created=get("created", str),
            created_by=get.map_of("created_by", str),
            items=tuple(_item(entry, n) for n, entry in enumerate(get("items", list), 1)),
            members={name: _member(name, entry) for name, entry in get("members", dict).items()},
            card=get("card", str),
            provenance=get("provenance", dict),
        )
        _check_whole(manifest)
        return manifest

    def item(self, item_id: str | None = None) -> ItemEntry:
        """The entry of an item; without a name, that of the only one.

        Raises:
            InputError: there is no such item, or several and none was named.
        """
        if item_id is None:
            if len(self.items) == 1:
                return self.items[0]
            raise InputError(f"the bundle holds {self.names()}: say which item is meant")
        for entry in self.items:
            if entry.item_id == item_id:
                return entry
        from kd_edge_runtime.near import did_you_mean

        meant = did_you_mean(item_id, [entry.item_id for entry in self.items])
        there = f"{meant} It holds" if meant else ": it holds"
        raise InputError(f"the bundle has no item '{item_id}'{there} {self.names()}")

    def names(self) -> str:
        """How many items there are and their names, of which ten are shown, for a message."""
        names = [f"'{entry.item_id}'" for entry in self.items]
        shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        return f"{len(names)} item{'s' if len(names) != 1 else ''} ({shown})"


class _Getter:
    """Takes fields of the right type out of a JSON object, or says which one is wrong."""

    def __init__(self, raw: Any, where: str) -> None:
        if not isinstance(raw, dict):
            raise BundleError(f"{where} is not an object")
        self._raw: dict[str, Any] = raw
        self._where = where

    def default(self, **values: Any) -> None:
        """What is taken for fields that are not there."""
        self._raw = {**values, **self._raw}

    def __call__(self, name: str, kind: type[_T]) -> _T:
        value: Any = self._raw.get(name)
        if not _is(value, kind):
            raise BundleError(f"{self._where}: '{name}' is missing or no {kind.__name__}")
        found: _T = value
        return found

    def list_of(self, name: str, kind: type[_T]) -> tuple[_T, ...]:
        values: list[Any] = self(name, list)
        if not all(_is(value, kind) for value in values):
            raise BundleError(f"{self._where}: '{name}' holds something that is no {kind.__name__}")
        return tuple(values)

    def map_of(self, name: str, kind: type[_T]) -> dict[str, _T]:
        values: dict[str, Any] = self(name, dict)
        if not all(isinstance(value, kind) for value in values.values()):
            raise BundleError(f"{self._where}: '{name}' holds something that is no {kind.__name__}")
        return values


def _is(value: Any, kind: type) -> bool:
    """Whether a value is of a type of JSON: a whole number is a float too, true is no number."""
    kinds = (int, float) if kind is float else kind
    return isinstance(value, kinds) and not isinstance(value, bool)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _check_protocol(protocol: Any) -> None:
    if not isinstance(protocol, int) or isinstance(protocol, bool):
        raise BundleError("manifest.json has no protocol number")
    if protocol > PROTOCOL:
        raise BundleError(
            f"the bundle is of protocol {protocol}, newer than this kd-edge-runtime reads "
            f"({PROTOCOL}): update kd-edge-runtime on this device"
        )
    if protocol < OLDEST_PROTOCOL:
        raise BundleError(f"there is no protocol {protocol}")


def _member(name: str, raw: Any) -> Member:
    get = _Getter(raw, f"manifest.json, member '{name}'")
    member = Member(get("bytes", int), get("sha256", str))
    if member.bytes < 0 or len(member.sha256) != 64:
        raise BundleError(f"manifest.json, member '{name}': no valid size and sha256")
    return member


def _item(raw: Any, number: int) -> ItemEntry:
    get = _Getter(raw, f"manifest.json, item {number}")
    get.default(points=[])
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
        flags=Flags.from_json(raw.get("flags", {}), f"manifest.json, item {number}, flags"),
        points=get.list_of("points", float),
    )


def _check_whole(manifest: Manifest) -> None:
    """Refuses a manifest whose parts do not fit each other."""
    names = [entry.item_id for entry in manifest.items]
    if not names or len(set(names)) != len(names):
        raise BundleError("manifest.json has no items, or one of them twice")
    used: dict[str, str] = {manifest.card: "the card"}
    for entry in manifest.items:
        where = f"item '{entry.item_id}'"
        if len(entry.classes) < 2 or len(set(entry.classes)) != len(entry.classes):
            raise BundleError(f"{where}: fewer than two classes, or one of them twice")
        if len(entry.values) != len(entry.classes):
            raise BundleError(f"{where}: not one value for each class")
        _check_points(entry, where)
        if entry.decision not in DECISIONS:
            raise BundleError(f"{where}: the decision '{entry.decision}' is not known here")
        if not entry.forms:
            raise BundleError(f"{where}: no form of the network")
        for name in [entry.vectorizer, entry.golden, *entry.forms.values()]:
            used[name] = where
    for name, where in used.items():
        if name not in manifest.members:
            raise BundleError(f"{where} names the member '{name}', which the bundle does not list")


def _check_points(entry: ItemEntry, where: str) -> None:
    points = entry.points
    if not points:
        return
    if len(points) != len(entry.classes):
        raise BundleError(f"{where}: {len(points)} points for {len(entry.classes)} classes")
    if not all(abs(one) < _TOO_LARGE for one in points):
        raise BundleError(f"{where}: 'points' holds a number of a thousand million or more")
    steps = [after - before for before, after in zip(points, points[1:])]
    if not all(step > 0 for step in steps) and not all(step < 0 for step in steps):
        raise BundleError(f"{where}: 'points' neither rise nor fall from class to class")
