"""An item's second student in a manifest: it scores what the first is not sure of.

Apart from `manifest`, since most items have none and every start reads a manifest.
"""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from kd_edge_runtime.bundle.fields import Fields
    from kd_edge_runtime.bundle.manifest import ItemEntry, Manifest

# Beyond these, probabilities are as good as 0 and 1, or all the same.
LEAST_TEMPERATURE = 0.01
GREATEST_TEMPERATURE = 100.0


@dataclass(frozen=True)
class Second:
    """The second student of an item, and when and how it is asked (FORMAT.md, section 15).

    Classes, values, decision and all flags but "review" are those of the item.

    Attributes:
        student: the kind of network.
        parameters: number of parameters of the network.
        text: options of its text stage.
        forms: the member that holds each form of the network.
        vectorizer: the member with its vocabulary or tokenizer.
        golden: the member with its golden rows.
        below: it is asked about responses on which the first has less confidence; 0 to 1.
        weight: how much its probabilities count beside those of the first; 0 to 1.
        temperature: sharpens (below 1) or softens (above 1) what both say together.
        review: the confidence below which a person should look where it is in use; 0 to 1.
        held_out: how both students together scored held-out responses; see `ItemEntry`.
    """

    student: str
    parameters: int
    text: Mapping[str, Any]
    forms: Mapping[str, str]
    vectorizer: str
    golden: str
    below: float
    weight: float
    temperature: float
    review: float
    held_out: Mapping[str, Any] | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """The names of its members."""
        return (self.vectorizer, self.golden, *self.forms.values())


def of_second(item: ItemEntry) -> ItemEntry | None:
    """An item's second student as if it were an item's only one, without flags; None for none."""
    second = item.second
    if second is None:
        return None
    return type(item)(
        item_id=second_name(item.item_id),
        student=second.student,
        classes=item.classes,
        values=item.values,
        decision=item.decision,
        parameters=second.parameters,
        text=second.text,
        forms=second.forms,
        vectorizer=second.vectorizer,
        golden=second.golden,
        points=item.points,
    )


def second_name(item_id: str) -> str:
    """What an item's second student is called where it stands for itself."""
    return f"{item_id} (second)"


def second_students(items: Sequence[ItemEntry]) -> tuple[ItemEntry, ...]:
    """The entries of the items' second students; see `of_second`."""
    return tuple(filter(None, map(of_second, items)))


def students(items: Sequence[ItemEntry]) -> tuple[ItemEntry, ...]:
    """An entry for each student: the items' own, then those of second students."""
    return (*items, *second_students(items))


def as_items(manifest: Manifest) -> Manifest:
    """The manifest with second students as items of their own, besides the items."""
    whole = manifest.whole()
    return type(whole)(**{**vars(whole), "items": students(whole.items)})


def read_second(get: Fields, where: str) -> Second:
    """Reads and checks an item's second student.

    Args:
        get: reads the fields of its JSON object.
        where: the name of the object in messages.

    Raises:
        BundleError: a field is missing, has the wrong type or is out of range.
    """
    get.default(held_out={})
    second = Second(
        student=get("student", str),
        parameters=get("parameters", int),
        text=get("text", dict),
        forms=get.map_of("forms", str),
        vectorizer=get("vectorizer", str),
        golden=get("golden", str),
        below=get("below", float),
        weight=get("weight", float),
        temperature=get("temperature", float),
        review=get("review", float),
        held_out=get("held_out", dict) or None,
    )
    for name in ("below", "weight", "review"):
        if not 0 <= getattr(second, name) <= 1:
            raise BundleError(f"{where}: '{name}' is not between 0 and 1")
    if not LEAST_TEMPERATURE <= second.temperature <= GREATEST_TEMPERATURE:
        raise BundleError(
            f"{where}: 'temperature' is not between {LEAST_TEMPERATURE:g} and "
            f"{GREATEST_TEMPERATURE:g}"
        )
    if not second.forms:
        raise BundleError(f"{where}: there is no form of the network")
    return second
