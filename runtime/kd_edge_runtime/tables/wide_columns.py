"""Where a table whose rows hold responses to several items has them, and what scoring adds."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.system.ordered_sums import ordered_sum
from kd_edge_runtime.tables.columns import MACHINE_COLUMNS, find_columns, refuse_taken
from kd_edge_runtime.tables.roles import TEXT
from kd_edge_runtime.tables.wide import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.scorer import Score


@dataclass(frozen=True)
class Place:
    """Where a table holds the responses to an item."""

    entry: ItemEntry
    text: int


@dataclass(frozen=True)
class WideColumns:
    """The columns of a table whose rows hold responses to several items.

    Attributes:
        header: the column names as written in the table.
        places: the items that the table has, in the order of the bundle.
        sums: the name of each sum, and which of `places` add up to it.
    """

    header: tuple[str, ...]
    places: tuple[Place, ...]
    sums: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def texts(self) -> frozenset[int]:
        """Indices of the columns of responses."""
        return frozenset(place.text for place in self.places)


def wide_columns(
    header: Sequence[str], items: Sequence[ItemEntry], text_column: str | None
) -> WideColumns | None:
    """The columns of a table whose rows hold responses to several items.

    Args:
        header: the column names.
        items: the bundle's items.
        text_column: the column with the responses, if the user named it.

    Returns:
        None if the table has no column for any item.
    """
    names = list(dict.fromkeys(entry.part_of or entry.item_id for entry in items))
    found = columns_of(header, names) if text_column is None else {}
    if len(names) == 1 and not found and items[0].part_of:
        positions, _ = find_columns(header, {TEXT.name: text_column}, [TEXT], [TEXT.name])
        found = {names[0]: positions[TEXT.name]} if positions else {}
    places = [
        Place(entry, found[entry.part_of or entry.item_id])
        for entry in items
        if (entry.part_of or entry.item_id) in found
    ]
    sums = {
        name: tuple(at for at, place in enumerate(places) if place.entry.part_of == name)
        for name in names
    }
    several = tuple((name, own) for name, own in sums.items() if len(own) > 1)
    return WideColumns(tuple(header), tuple(places), several) if places else None


def wide_names(columns: WideColumns, prefix: str, source: str) -> list[str]:
    """The names of the columns that scoring adds: "Q1 predicted" and so on, then the sums.

    Raises:
        TableError: the table already has a column of one of these names.
    """
    names = [
        f"{prefix}{place.entry.item_id} {what}"
        for place in columns.places
        for what in MACHINE_COLUMNS
    ]
    for name, _ in columns.sums:
        start = "" if len(columns.sums) == 1 else f"{name} "
        names += [f"{prefix}{start}total_{what}" for what in MACHINE_COLUMNS[:2]]
    refuse_taken(names, columns.header, source)
    return names


def totals(columns: WideColumns) -> list[Callable[[Sequence[Score]], tuple[float, float]]]:
    """For each sum, a function of a row's scores: the sum predicted, and the sum expected."""

    def total(own: tuple[int, ...]) -> Callable[[Sequence[Score]], tuple[float, float]]:
        worth = [dict(zip(place.entry.classes, place.entry.worth)) for place in columns.places]
        return lambda scores: (
            # Whole points add up to a whole number.
            ordered_sum((worth[at][scores[at].predicted] for at in own), 0),
            ordered_sum(scores[at].expected for at in own),
        )

    return [total(own) for _, own in columns.sums]
