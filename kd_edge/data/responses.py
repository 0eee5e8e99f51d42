"""Responses in memory: items, each with a scale and its scored rows.

`kd_edge.data.readers` reads them from files; every later stage starts from them.
"""

from __future__ import annotations

from dataclasses import dataclass

from kd_edge.data.scale import Scale
from kd_edge_runtime.errors import InputError

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
    """

    response_id: str
    item_id: str
    text: str
    score: int | None = None
    score2: int | None = None
    group: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Item:
    """One question and all responses to it.

    Attributes:
        item_id: its name, unique in its `Responses`.
        scale: the classes that its scores index.
        rows: its responses, in the order of the file.
        prompt: the question's text, where the source gives it.
        references: reference answers, where the source gives them.
    """

    item_id: str
    scale: Scale
    rows: tuple[Row, ...]
    prompt: str | None = None
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Responses:
    """All responses of one source.

    Attributes:
        items: in the order in which the source first names them.
        source: the file or folder, as the user gave it.
        columns: role ("text", "score", …) → the column's name as the file writes it.
        encoding: "utf-8", "utf-8-sig" or "cp1252"; "xml" where each file declares its own.
        notes: lines to show the user, one for each guess.
    """

    items: tuple[Item, ...]
    source: str
    columns: dict[str, str]
    encoding: str
    notes: tuple[str, ...] = ()

    def item(self, item_id: str) -> Item:
        """Find an item by its name.

        Raises:
            InputError: there is no such item.
        """
        for item in self.items:
            if item.item_id == item_id:
                return item
        from kd_edge_runtime.suggestions import did_you_mean

        there = [item.item_id for item in self.items]
        names = ", ".join(f"'{name}'" for name in there)
        meant = did_you_mean(item_id, there)
        raise InputError(f"{self.source}: no item '{item_id}'{meant} (there are: {names})")
