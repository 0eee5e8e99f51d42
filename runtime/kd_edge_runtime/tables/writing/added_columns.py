"""The names of the columns that scoring adds to a table."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import Problem, TableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kd_edge_runtime.bundle.manifest import ItemEntry

MACHINE_COLUMNS = ("predicted", "expected", "confidence", "flag")


def machine_header(
    classes: Sequence[str], header: Sequence[str], prefix: str, source: str
) -> list[str]:
    """The names of the columns that scoring adds.

    Args:
        classes: the classes, each of which gets a column of probabilities.
        header: the table's own columns.
        prefix: prepended to each name.
        source: the table's name in messages.

    Raises:
        TableError: the table already has a column of one of these names.
    """
    names = [prefix + name for name in MACHINE_COLUMNS]
    names += [f"{prefix}p_{name}" for name in classes]
    refuse_taken(names, header, source)
    return names


def refuse_taken(names: Sequence[str], header: Sequence[str], source: str) -> None:
    """Refuses names of columns to add that the table has already.

    Raises:
        TableError: with each of them.
    """
    problems = [
        Problem("the table already has a column of this name", 1, name)
        for name in names
        if name in header
    ]
    if problems:
        hint = "Give the added columns a prefix, for example --prefix m_"
        raise TableError(source, problems, hint)


def all_classes(entries: Iterable[ItemEntry]) -> list[str]:
    """The classes of several items without duplicates, in the order of the items."""
    return list(dict.fromkeys(name for entry in entries for name in entry.classes))
