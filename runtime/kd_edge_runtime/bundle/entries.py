"""An item and a member in a bundle's manifest, checked when they are read."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.bundle.fields import Fields, refuse_controls
from kd_edge_runtime.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from kd_edge_runtime.bundle.second import Second

# How a student's probabilities become a class.
MOST_PROBABLE = "most-probable"
NEAREST_EXPECTED = "nearest-expected"
DECISIONS = (MOST_PROBABLE, NEAREST_EXPECTED)

# More than there are words anywhere, and far from what no float holds.
_TOO_LARGE = 1e9

MAX_CLASSES = 1000  # far above what is written; see FORMAT.md, section 17


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
        get = Fields(raw, where)
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
        student: the kind of network: "bag", "pairs", "rnn", "transformer" or "cross".
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


def read_member(name: str, raw: Any) -> Member:
    """A member of its JSON; raises a `BundleError` if that is not as it must be."""
    refuse_controls(name, "manifest.json, members")
    get = Fields(raw, f"manifest.json, member '{name}'")
    member = Member(get("bytes", int), get("sha256", str))
    if member.bytes < 0 or len(member.sha256) != 64:
        raise BundleError(f"manifest.json, member '{name}': bytes or sha256 is not valid")
    return member


def read_item(raw: Any, number: int) -> ItemEntry:
    """The item of this number of its JSON; raises a `BundleError` if a type is not right."""
    where = f"manifest.json, item {number}"
    get = Fields(raw, where)
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

    return read_second(Fields(raw, where), where)


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
