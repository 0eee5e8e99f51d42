"""Scores the rows of a table, batch by batch."""

from __future__ import annotations

from functools import partial

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple, dataclass
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.column_names import hint
from kd_edge_runtime.tables.columns import candidates, find_columns
from kd_edge_runtime.tables.reading.rows import BATCH, NESTED, SKIP_HINT
from kd_edge_runtime.tables.roles import ITEM, RESPONSE_ID, TEXT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from typing import Callable

    from kd_edge_runtime.bundle.manifest import Manifest
    from kd_edge_runtime.scorer import Score, Scorer
    from kd_edge_runtime.tables.reading.rows import Table
    from kd_edge_runtime.tables.roles import Role
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.wide_columns import WideColumns
    from kd_edge_runtime.tables.writing.skipped import Skip

    # Rows and the item that each answers; no items in a wide table.
    Batch = tuple[list[list[str]], Sequence[str]]

_SHOWN_ITEMS = 10


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
        raise TableError(source, problems, hint(header) + _items_hint(roles, positions, items))
    item = positions.get(ITEM.name)
    only_item = item_id or (items[0] if item is None else None)
    return Columns(tuple(header), positions[TEXT.name], item, only_item)


def table_columns(
    header: Sequence[str], source: str, manifest: Manifest, request: Request
) -> Columns | WideColumns:
    """Finds the columns of a table with one response in a row, or with one for each item.

    Args:
        header: the names in the first row.
        source: the table's name in messages.
        manifest: the bundle's manifest.
        request: which columns and items the user named.

    Raises:
        TableError: neither is there.
    """
    items = manifest.item_ids
    named = request.text_column, request.item_column, request.item_id
    error = None
    if not request.wide:
        try:
            return scoring_columns(header, source, items, *named)
        except TableError as raised:
            error = raised
    wide = None
    if request.item_column is None and request.item_id is None:
        from kd_edge_runtime.tables.wide_columns import wide_columns

        wide = wide_columns(header, manifest.items, request.text_column)
    if wide is None:
        if error is not None:
            raise error
        message = f"no column holds the responses to an item; the bundle has {manifest.names()}"
        raise TableError(source, [Problem(message)], hint(header))
    if len(items) == 1 and not request.wide:
        return Columns(tuple(header), wide.places[0].text, None, items[0])
    return wide


def _items_hint(roles: Sequence[Role], found: Mapping[str, int], items: Sequence[str]) -> str:
    """How to name the item, if no column was found for it."""
    if ITEM not in roles or ITEM.name in found:
        return ""
    from kd_edge_runtime.tables.argument_names import argument

    names = ", ".join(f"'{item}'" for item in items[:_SHOWN_ITEMS])
    more = f" and {len(items) - _SHOWN_ITEMS} more" if len(items) > _SHOWN_ITEMS else ""
    return (
        f"\nThe bundle's items are {names}{more}: if all rows answer one of them, "
        f"{argument('--item', 'NAME')}."
    )


class Scored(NamedTuple):
    """One row of a table with its score."""

    fields: list[str]
    item_id: str
    score: Score


# `Scored` from its three values, faster than calling the class.
new_scored: Callable[[tuple[object, ...]], Scored] = partial(tuple.__new__, Scored)


class TableScorer:
    """Scores a table.

    Args:
        scorer: an open bundle.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._items = {*scorer.bundle.manifest.item_ids}

    def scored(
        self, table: Table, columns: Columns, size: int = BATCH, skip: Skip | None = None
    ) -> Iterator[list[Scored]]:
        """Scores the rows below the header in order, batch by batch; the rest is as for `rows`."""
        for rows, items in self.rows(table, columns, size, skip):
            yield self.batch(rows, items, columns)

    def rows(
        self, table: Table, columns: Columns, size: int = BATCH, skip: Skip | None = None
    ) -> Iterator[Batch]:
        """Reads the rows below the header in order, batch by batch, each with its item.

        Args:
            table: the table.
            columns: where the responses are.
            size: the most rows in a batch.
            skip: called with each bad row's number, response id and what is wrong with it, whose
                row is left out; None to refuse the table.

        Raises:
            TableError: at the end, with all bad rows; what was made of the batches before must be
                discarded.
        """
        column, hint = columns.item, ""
        for numbers, rows in table.batches(size):
            note_nested(table, (columns.text,), numbers, rows)
            if column is None:
                items = [str(columns.item_id)] * len(rows)
            else:
                items = [fields[column].strip() for fields in rows]
            if not self._items.issuperset(items):
                hint = f"The bundle has {self._scorer.bundle.manifest.names()}."
                rows, items = self._known(table, columns, (numbers, rows, items), skip)
            skip_bad_rows(table, skip)
            if rows and not (table.bad and skip is None):
                yield rows, items
        refuse_bad_rows(table, skip, hint)

    def _known(
        self,
        table: Table,
        columns: Columns,
        batch: tuple[Sequence[int], list[list[str]], list[str]],
        skip: Skip | None,
    ) -> tuple[list[list[str]], list[str]]:
        """A batch's rows and items without those to items that the bundle does not have."""
        wrong, kept = "the bundle has no such item", []
        ids = candidates(columns.header, RESPONSE_ID.tiers)
        name = None if columns.item is None else columns.header[columns.item]
        for number, fields, item_id in zip(*batch):
            if item_id in self._items:
                kept.append((fields, item_id))
            elif skip is None:
                table.note(Problem(wrong, number, name))
            else:
                table.bad += 1
                skip(number, fields[ids[0]] if ids else "", f"column '{name}': {wrong}")
        return [fields for fields, _ in kept], [item_id for _, item_id in kept]

    def batch(self, rows: list[list[str]], items: Sequence[str], columns: Columns) -> list[Scored]:
        """Scores some rows.

        Args:
            rows: N rows of the table.
            items: the item that each answers; N.
            columns: where the responses are.
        """
        scores = each_score(self._scorer, [fields[columns.text] for fields in rows], items)
        return [*map(new_scored, zip(rows, items, scores))]


def each_score(scorer: Scorer, texts: Sequence[str], items: Sequence[str]) -> Iterator[Score]:
    """Scores N responses, in their order, to the items that they answer; N."""
    texts_by_item: dict[str, list[str]] = {}
    for item_id, text in zip(items, texts):
        texts_by_item.setdefault(item_id, []).append(text)
    scores_by_item = {
        item_id: iter(scorer.score_many(own, item_id)) for item_id, own in texts_by_item.items()
    }
    return map(next, map(scores_by_item.__getitem__, items))


def note_nested(
    table: Table, texts: Collection[int], numbers: Sequence[int], rows: list[list[str]]
) -> None:
    """Notes the responses that JSON has as a list or an object; they are in the columns `texts`."""
    for number, fields in zip(numbers, rows) if table.nested else ():
        for at in texts:
            if type(fields[at]) is not str:
                table.note(Problem(NESTED, number, table.header[at]))


def skip_bad_rows(table: Table, skip: Skip | None) -> None:
    """Hands the bad rows so far to `skip`, if bad rows are skipped and the others can be read."""
    if skip is not None and not table.cut_off:
        for problem in table.problems:
            column = f"column '{problem.column}': " if problem.column else ""
            skip(problem.row or 0, "", column + problem.message)
        table.problems.clear()


def refuse_bad_rows(table: Table, skip: Skip | None, hint: str = "") -> None:
    """Refuses a table that has been read, if it has bad rows that cannot be skipped.

    Args:
        table: the table, all of whose rows have been read.
        skip: what takes the rows that are skipped; None if none is.
        hint: what the user can do about the problems.

    Raises:
        TableError: with all bad rows.
    """
    if table.bad and (skip is None or table.cut_off):
        raise table.error("\n".join(filter(None, ("" if table.cut_off else SKIP_HINT, hint))))
