"""Responses in memory: items, each with a scale and its scored rows.

`kd_edge.data.readers` reads them from files; every later stage starts from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

from kd_edge.data.scale import Scale
from kd_edge_runtime.errors import InputError

NOT_HASHED = {"hashed": False}
"""Metadata of fields that `kd_edge.stages.record.hash_rows` leaves out."""

__all__ = ["Item", "Responses", "Row", "Scale"]


@dataclass(frozen=True)
class Row:
    """One response to one item.

    Attributes:
        response_id: unique within its item.
        item_id: the item it answers.
        text: what the student wrote, as the file has it.
        score: the resolved human score as an index into the item's `scale.classes`, or None.
        score2: a second rater's score on the same scale, or None.
        group: the student group for fairness figures, or None.
        split: "train", "test", or None where the file does not say.
        student: who wrote it, or None. It decides what a bundle may keep, and nothing that is
            learnt otherwise: hashes of rows leave it out.
    """

    response_id: str
    item_id: str
    text: str
    score: int | None = None
    score2: int | None = None
    group: str | None = None
    split: str | None = None
    student: str | None = field(default=None, metadata=NOT_HASHED)


@dataclass(frozen=True)
class Item:
    """One question and all responses to it.

    Attributes:
        item_id: its name, unique in its `Responses`.
        scale: the classes that its scores index.
        rows: its responses, in the order of the file.
        prompt: the question's text, where the source gives it.
        rubric: how it is scored, where the user gives it.
        references: reference answers, where the source gives them.
        markup: whether the responses were rich text, which the rows have as plain text.
        part_of: what its score is a part of, where the scores of several criteria add up; None
            where it stands for itself.
    """

    item_id: str
    scale: Scale
    rows: tuple[Row, ...]
    _: KW_ONLY
    prompt: str | None = None
    rubric: str | None = None
    references: tuple[str, ...] = ()
    markup: bool = False
    part_of: str | None = None

    @property
    def learning(self) -> list[Row]:
        """The scored rows that are not marked "test"."""
        return [row for row in self.rows if row.score is not None and row.split != "test"]


@dataclass(frozen=True)
class LeftOut:
    """An item of a table that nothing can be learned from.

    Attributes:
        item_id: the item.
        why: what is wrong with it, after its name.
    """

    item_id: str
    why: str


@dataclass(frozen=True)
class SkippedRow:
    """A row of a table that is not used.

    Attributes:
        row: its number as the user would count it.
        response_id: its response, as far as it is known.
        reason: what is wrong with it; never a student's words.
        file: the file's name, where the table is spread over several.
    """

    row: int
    response_id: str
    reason: str
    file: str | None = None


@dataclass(frozen=True)
class SourceRow:
    """A row of a table, as its file has it.

    Attributes:
        number: as the user would count it.
        cells: one for each column; None for a value that is neither text nor number.
    """

    number: int
    cells: tuple[str | None, ...]


@dataclass(frozen=True)
class SourceTable:
    """A table as it was read, for what writes it again with more columns.

    Attributes:
        header: the columns' names.
        rows: all rows that could be read, also those that no response was made of.
        at: (item, response id) → the response's place among `rows`.
        positions: role ("score", "response_id", …) → the column's place; without those roles that
            no column has.
        unfolded: whether a row of the file holds several responses or scores, each of which is a
            row here.
    """

    header: tuple[str, ...]
    rows: tuple[SourceRow, ...]
    at: Mapping[tuple[str, str], int]
    positions: Mapping[str, int]
    unfolded: bool = False


@dataclass(frozen=True)
class Responses:
    """All responses of one source.

    Attributes:
        items: in the order in which the source first names them.
        source: the file or folder, as the user gave it.
        columns: role ("text", "score", …) → the column's name as the file writes it.
        encoding: as Python names it ("utf-8", "cp1251"), or the format of no text ("xlsx").
        notes: lines to show the user, one for each guess.
        left_out: the items that nothing can be learned from.
        skipped: the rows that were skipped, if bad rows may be.
        table: the table itself, where it was asked for.
    """

    items: tuple[Item, ...]
    source: str
    columns: dict[str, str]
    encoding: str
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    skipped: tuple[SkippedRow, ...] = ()
    table: SourceTable | None = field(default=None, compare=False, repr=False)

    def item(self, item_id: str | None = None) -> Item:
        """Find an item by its name; without one, the only item.

        Raises:
            InputError: there is no such item, it is left out, or there are several and no name.
        """
        every = [one.item_id for one in self.items] + [one.item_id for one in self.left_out]
        if item_id is None and len(every) == 1:
            return self.items[0]
        if item_id is None:
            names = ", ".join(f"'{name}'" for name in every[:10])
            raise InputError(
                f"{self.source} holds {len(every)} items ({names}), and one is wanted: name "
                "it (--item NAME, in Python item=NAME), or use a full run for all of them"
            )
        for one in self.left_out:
            if one.item_id == item_id:
                raise InputError(f"{self.source}: item '{item_id}' is left out: {one.why}")
        for item in self.items:
            if item.item_id == item_id:
                return item
        from kd_edge_runtime.suggestions import did_you_mean

        there = [item.item_id for item in self.items]
        names = ", ".join(f"'{name}'" for name in there)
        meant = did_you_mean(item_id, there)
        raise InputError(f"{self.source}: no item '{item_id}'{meant} (there are: {names})")
