"""What a table of responses holds, without learning anything from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kd_edge.data.languages import likely_languages
from kd_edge.data.responses import Item, Responses, Row
from kd_edge.evaluation.agreement import human_scores, second_scores
from kd_edge.evaluation.metrics import Agreement, agreement


@dataclass(frozen=True)
class Lengths:
    """How long responses are, in words between white space.

    Attributes:
        median: of all responses.
        p95: the length that 95 % of them do not exceed.
        longest: the most words.
        blank: number of responses without a word.
    """

    median: int
    p95: int
    longest: int
    blank: int


@dataclass(frozen=True)
class ItemOverview:
    """What a table holds of one item.

    Attributes:
        item_id: the item.
        rows: number of responses.
        scored: number of those with a score.
        scale: the classes in words; "" where there are no scores.
        classes: responses by class, the lowest class first.
        raters: agreement of the second rater with the first; None without a second rater.
        lengths: of the responses.
        languages: the likely languages or scripts, the commonest first.
        splits: responses by split; empty where the table has none.
        groups: responses by student group; empty where the table has none.
        repeated: number of responses whose text another response of the item has too.
        contradicting: number of those whose text has several scores.
        question: number of words of the question; 0 where its text is not there.
        references: number of reference answers.
    """

    item_id: str
    rows: int
    scored: int
    scale: str
    classes: Mapping[str, int]
    raters: Agreement | None
    lengths: Lengths
    languages: tuple[str, ...]
    splits: Mapping[str, int]
    groups: Mapping[str, int]
    repeated: int
    contradicting: int
    question: int = 0
    references: int = 0


@dataclass(frozen=True)
class Overview:
    """What a table holds.

    Attributes:
        source: the file or folder, as the user gave it.
        encoding: as `kd_edge.data.responses.Responses.encoding`.
        columns: role → the column's name.
        rows: number of responses to all items.
        items: in the order of the table.
        left_out: why each item that nothing can be learned from is left out.
        notes: how the table was understood, a line for each guess and doubt.
    """

    source: str
    encoding: str
    columns: Mapping[str, str]
    rows: int
    items: tuple[ItemOverview, ...]
    left_out: Mapping[str, str]
    notes: tuple[str, ...]


def overview(responses: Responses) -> Overview:
    """Describe what was read."""
    items = tuple(map(_item, responses.items))
    return Overview(
        source=responses.source,
        encoding=responses.encoding,
        columns=responses.columns,
        rows=sum(item.rows for item in items),
        items=items,
        left_out={item.item_id: item.why for item in responses.left_out},
        notes=responses.notes,
    )


def _item(item: Item) -> ItemOverview:
    rows, names = item.rows, item.scale.classes
    counts = Counter(row.score for row in rows if row.score is not None)
    splits, groups = (Counter(getattr(row, role) for row in rows) for role in ("split", "group"))
    repeated, contradicting = _repeated(rows)
    return ItemOverview(
        item_id=item.item_id,
        rows=len(rows),
        scored=counts.total(),
        scale=str(item.scale),
        classes={name: counts[at] for at, name in enumerate(names)},
        raters=_raters(item),
        lengths=_lengths(rows),
        languages=likely_languages([row.text for row in rows]),
        splits=_named(splits),
        groups=_named(groups),
        repeated=repeated,
        contradicting=contradicting,
        question=len((item.prompt or "").split()),
        references=len(item.references),
    )


def _raters(item: Item) -> Agreement | None:
    twice = [row for row in item.rows if row.score is not None and row.score2 is not None]
    if not twice:
        return None
    return agreement(human_scores(twice), second_scores(twice), item.scale)


def _lengths(rows: Sequence[Row]) -> Lengths:
    words = np.array([len(row.text.split()) for row in rows])
    # Lengths that there are: no response has half a word.
    median, p95 = np.quantile(words, [0.5, 0.95], method="higher")
    return Lengths(int(median), int(p95), int(words.max()), int((words == 0).sum()))


def _named(counts: Counter[str | None]) -> dict[str, int]:
    """Counts by name with the rows without one last; empty where no row has one."""
    named = {name: count for name, count in counts.items() if name is not None}
    ordered = dict(sorted(named.items()))
    return {**ordered, "": counts[None]} if ordered and counts[None] else ordered


def _repeated(rows: Sequence[Row]) -> tuple[int, int]:
    """How many responses have the text of another, and how many of those another score."""
    scores: dict[str, list[int | None]] = {}
    for row in rows:
        if text := " ".join(row.text.split()).casefold():
            scores.setdefault(text, []).append(row.score)
    several = [own for own in scores.values() if len(own) > 1]
    contradicting = [own for own in several if len({one for one in own if one is not None}) > 1]
    return sum(map(len, several)), sum(map(len, contradicting))
