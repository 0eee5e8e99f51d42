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
    """The columns of a table that the scorer needs.

    Attributes:
        header: the column names as written in the table.
        text: index of the responses.
        item: index of the item column; None if all rows answer `item_id`.
        item_id: the item that all rows answer; None if the table has an item column.
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
    """Finds the columns of a table that is to be scored.

    Args:
        header: the names in the first row.
        source: the table's name in messages.
        items: the items of the bundle.
        text_column: the column with the responses, if the user named it.
        item_column: the item column, if the user named it.
        item_id: the item that all rows answer, if the user named it.

    Raises:
        TableError: a column is missing, ambiguous, or has the same name as another.
    """
    roles = [TEXT]
    if item_id is None and (item_column is not None or len(items) > 1):
        roles.append(ITEM)
    named = {TEXT.name: text_column, ITEM.name: item_column}
    positions, problems = find_columns(header, named, roles, [role.name for role in roles])
    if problems:
        raise TableError(source, problems, hint(header))
    item = positions.get(ITEM.name)
    only_item = item_id or (items[0] if item is None else None)
    return Columns(tuple(header), positions[TEXT.name], item, only_item)


class Scored(NamedTuple):
    """One row of a table with its score."""

    fields: list[str]
    item_id: str
    score: Score


# `Scored` from its three values, faster than calling the class.
_new_scored: Callable[[tuple[object, ...]], Scored] = partial(tuple.__new__, Scored)


class TableScorer:
    """Scores a table.

    Args:
        scorer: an open bundle.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._items = {entry.item_id for entry in scorer.bundle.manifest.items}

    def scored(self, table: Table, columns: Columns, size: int = BATCH) -> Iterator[list[Scored]]:
        """Scores the rows below the header in order, batch by batch.

        Args:
            table: the table.
            columns: where the responses are.
            size: the most rows in a batch.

        Raises:
            TableError: at the end, with all bad rows; the batches yielded before must be
                discarded.
        """
        column, hint = columns.item, ""
        for numbers, rows in table.batches(size):
            if table.nested:
                _note_nested(table, columns, numbers, rows)
            if column is None:
                items = [str(columns.item_id)] * len(rows)
            else:
                items = [fields[column].strip() for fields in rows]
            if not self._items.issuperset(items):
                name = None if column is None else columns.header[column]
                hint = f"The bundle has {self._scorer.bundle.manifest.names()}."
                for number, item_id in zip(numbers, items):
                    if item_id not in self._items:
                        table.note(Problem("the bundle has no such item", number, name))
            if not table.bad:
                yield self._batch(rows, items, columns)
        if table.bad:
            raise table.error(hint)

    def _batch(self, rows: list[list[str]], items: list[str], columns: Columns) -> list[Scored]:
        texts_by_item: dict[str, list[str]] = {}
        for item_id, fields in zip(items, rows):
            texts_by_item.setdefault(item_id, []).append(fields[columns.text])
        scores_by_item = {
            item_id: iter(self._scorer.score_many(texts, item_id))
            for item_id, texts in texts_by_item.items()
        }
        scores = map(next, map(scores_by_item.__getitem__, items))
        return [*map(_new_scored, zip(rows, items, scores))]


def _note_nested(
    table: Table, columns: Columns, numbers: Sequence[int], rows: list[list[str]]
) -> None:
    """Notes the responses that JSON has as a list or an object."""
    for number, fields in zip(numbers, rows):
        if type(fields[columns.text]) is not str:
            name = columns.header[columns.text]
            table.note(Problem("holds a list or an object, not text or a number", number, name))
