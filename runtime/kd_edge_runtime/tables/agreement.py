"""How well scores agree with people's, where a table to score has people's scores too."""

from __future__ import annotations

from collections import Counter

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.bench.quality import quality
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.column_names import hint
from kd_edge_runtime.tables.columns import find_columns, named_twice
from kd_edge_runtime.tables.roles import SCORE, SPLIT
from kd_edge_runtime.tables.score_cells import class_of, read_score

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.tables.score_rows import Scored

_TEST = "test"
_ITEMS = 20


def split_column(header: Sequence[str], taken: Collection[int] = ()) -> int | None:
    """The index of the column that says which rows are test rows; None if there is none."""
    found, _ = find_columns(header, {}, [SPLIT])
    at = found.get(SPLIT.name)
    return None if at in taken else at


def is_test(cell: str) -> bool:
    """Whether a cell of the split column marks a test row."""
    return cell.strip().casefold() == _TEST


def tally_for(
    header: Sequence[str],
    source: str,
    items: Sequence[ItemEntry],
    named: str | None,
    taken: Collection[int],
) -> Tally | None:
    """Counts agreement where a table has a column with people's scores.

    Args:
        header: the column names.
        source: the table's name for messages.
        items: the bundle's items.
        named: the score column, if the user named one.
        taken: indices of columns that hold something else.

    Returns:
        None if the user named no column, and none or several have a usual name.

    Raises:
        TableError: there is no column of the name that the user gave, or several, or it is one of
            those that are taken.
    """
    found, problems = find_columns(header, {SCORE.name: named}, [SCORE])
    if problems and named is not None:
        raise TableError(source, problems, hint(header))
    at = found.get(SCORE.name)
    if named is not None and at in taken:
        raise TableError(source, [Problem(named_twice(named, SCORE))], hint(header))
    if at is None or at in taken:
        return None
    return Tally(header, items, at, split_column(header, {at, *taken}), named is not None)


class Tally:
    """Counts how often which score of people's met which of the machine's.

    Args:
        header: the column names.
        items: the bundle's items.
        score: the index of people's scores.
        split: the index of the column that marks test rows; None for none.
        named: whether the user named the score column.
    """

    def __init__(
        self,
        header: Sequence[str],
        items: Sequence[ItemEntry],
        score: int,
        split: int | None,
        named: bool,
    ) -> None:
        self._items = {entry.item_id: entry for entry in items}
        self._score, self._split, self._named = score, split, named
        self._columns = [header[at] for at in (score, split) if at is not None]
        # Pairs by item, of all rows and of the test rows; a cell is read once.
        self._pairs: tuple[dict[str, Counter[tuple[int, int]]], ...] = ({}, {})
        self._read: dict[tuple[str, str], int | None] = {}
        self._unscored = self._other = 0

    def counted(self, batches: Iterator[list[Scored]]) -> Iterator[list[Scored]]:
        """Passes batches on, counted."""
        for batch in batches:
            for one in batch:
                self._add(one)
            yield batch

    def human(self, fields: Sequence[str], item: str) -> int | None:
        """The class that people gave a row's response to an item; None without one of its own."""
        cell = fields[self._score].strip()
        if (item, cell) not in self._read:
            self._read[item, cell] = class_of(cell, self._items[item].classes) if cell else None
        return self._read[item, cell]

    def lines(self) -> list[str]:
        """What was counted, in words, a line for each item; empty if no score could be read."""
        whole, test = self._pairs
        pairs = test or whole
        if not pairs:
            if not self._named:
                return []
            names = ", ".join(next(iter(self._items.values())).classes)
            return [f"No score in column '{self._columns[0]}' is one of the item's ({names})."]
        lines = [self._line(item, found) for item, found in [*pairs.items()][:_ITEMS]]
        if len(pairs) > _ITEMS:
            lines.append(f"  and {len(pairs) - _ITEMS} more items")
        where = f"Agreement with people's scores (column '{self._columns[0]}'"
        where += f", test rows by column '{self._columns[1]}' only" if test else ""
        where += f", {self._unscored:,} without a score" if self._unscored and not test else ""
        where += (
            f", {self._other:,} with a score of another scale" if self._other and not test else ""
        )
        return [f"{where}):{lines[0]}"] if len(lines) == 1 else [f"{where}):", *lines]

    def _add(self, one: Scored) -> None:
        item = one.item_id
        human = self.human(one.fields, item)
        if human is None:
            from kd_edge_runtime.tables.no_score import means_no_score

            cell = one.fields[self._score].strip()
            unscored = not cell or means_no_score(cell)
            self._unscored += unscored
            self._other += not unscored
            return
        pair = human, self._items[item].classes.index(one.score.predicted)
        test = self._split is not None and is_test(one.fields[self._split])
        for pairs in self._pairs[: 1 + test]:
            pairs.setdefault(item, Counter())[pair] += 1

    def _line(self, item: str, pairs: Counter[tuple[int, int]]) -> str:
        entry = self._items[item]
        human, machine = zip(*pairs.elements())
        found = quality(human, machine, entry.worth)
        words = [f"exact {found.accuracy:.1%}"]
        if all(map(read_score, entry.classes)):
            near = sum(number for (a, b), number in pairs.items() if abs(a - b) <= 1)
            words.append(f"adjacent {near / found.responses:.1%}")
        words.append(f"QWK {found.qwk:.3f}")
        name = f" item '{item}':" if len(self._items) > 1 else ""
        many = f"{found.responses:,} response{'' if found.responses == 1 else 's'}"
        return f"{name} {', '.join(words)} ({many})"
