"""Scores the rows of a table, batch by batch."""

from __future__ import annotations

from functools import partial

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple, dataclass
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.columns import find_columns, hint
from kd_edge_runtime.tables.roles import ITEM, TEXT
from kd_edge_runtime.tables.rows import BATCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Callable

    from kd_edge_runtime.scorer import Score, Scorer
    from kd_edge_runtime.tables.rows import Table


@dataclass(frozen=True)
class Columns:
    """Where a table holds what the scorer needs.

    Attributes:
        header: the names as the table writes them.
        text: index of the responses.
        item: index of the item each row answers, or None if all answer `item_id`.
        item_id: the item where the table has no column for it.
    """

    header: tuple[str, ...]
    text: int
    item: int | None
    item_id: str | None


def scoring_columns(
    header: Sequence[str],
    source: str,
    items: Sequence[str],
    text_column: str | None = None,
    item_column: str | None = None,
    item_id: str | None = None,
) -> Columns:
    """Finds the columns of a table to score.

    Args:
        header: the names in the first row.
        source: the table's name for messages.
        items: the items of the bundle.
        text_column: the responses' column where the user named it.
        item_column: the items' column where the user named it.
        item_id: the one item that all rows answer, where the user named it.

    Raises:
        TableError: a column is missing, has the name of another, or could be either of two.
    """
    roles = [TEXT]
    if item_id is None and (item_column is not None or len(items) > 1):
        roles.append(ITEM)
    named = {TEXT.name: text_column, ITEM.name: item_column}
    found, problems = find_columns(header, named, roles, [role.name for role in roles])
    if problems:
        raise TableError(source, problems, hint(header))
    item = found.get(ITEM.name)
    answered = item_id or (items[0] if item is None else None)
    return Columns(tuple(header), found[TEXT.name], item, answered)


class Scored(NamedTuple):
    """One row of a table with its score."""

    fields: list[str]
    item_id: str
    score: Score


_scored: Callable[[tuple[object, ...]], Scored] = partial(tuple.__new__, Scored)


class TableScorer:
    """Scores a table.

    Args:
        scorer: an open bundle.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._items = {entry.item_id for entry in scorer.bundle.manifest.items}

    def scored(self, table: Table, columns: Columns, size: int = BATCH) -> Iterator[list[Scored]]:
        """Scores the rows below the header, batch by batch, in their order.

        Args:
            table: the table.
            columns: where the responses are.
            size: the most rows of a batch.

        Raises:
            TableError: at the end, with all bad rows; what was yielded until then must not
                be kept.
        """
        at, item, hint = columns.item, str(columns.item_id), ""
        for numbers, rows in table.batches(size):
            items = [item] * len(rows) if at is None else [fields[at].strip() for fields in rows]
            if not self._items.issuperset(items):
                name = None if at is None else columns.header[at]
                hint = f"The bundle holds {self._scorer.bundle.manifest.names()}."
                for number, one in zip(numbers, items):
                    if one not in self._items:
                        table.note(Problem("the bundle has no such item", number, name))
            if not table.bad:
                yield self._batch(rows, items, columns)
        if table.bad:
            raise table.error(hint)

    def _batch(self, rows: list[list[str]], items: list[str], columns: Columns) -> list[Scored]:
        texts: dict[str, list[str]] = {}
        for item, fields in zip(items, rows):
            texts.setdefault(item, []).append(fields[columns.text])
        scored = {item: iter(self._scorer.score_many(own, item)) for item, own in texts.items()}
        scores = map(next, map(scored.__getitem__, items))
        return [*map(_scored, zip(rows, items, scores))]
