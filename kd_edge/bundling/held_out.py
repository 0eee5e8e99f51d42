"""Scores items' held-out responses as a device does, and keeps the counts in their bundle.

`kd-edge watch` compares later scores with them. They are sums of responses that are not in the
bundle, and what fewer of a class share than a vocabulary may tell is left out of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from kd_edge.data.responses import Row
from kd_edge.evaluation.drift import LEAST_SHARED
from kd_edge.students.sharing import writers_of
from kd_edge_export.bundle import ItemParts, write_bundle
from kd_edge_runtime.backends.unknown_ngrams import unknown_ngrams
from kd_edge_runtime.bundle.held_out import (
    CONFIDENCE_BINS,
    LEAST_RESPONSES,
    UNKNOWN_BINS,
    HeldOut,
    confidence_bin,
    unknown_bin,
)
from kd_edge_runtime.scorer import Score, Scorer
from kd_edge_runtime.students.item import LoadedItem

_Cell = TypeVar("_Cell", bound=Hashable)


@dataclass(frozen=True, eq=False)
class ToCount:
    """An item whose held-out responses are to be counted.

    Attributes:
        parts: the item, with golden rows.
        rows: responses that its students were not trained on.
        shared_by: the fewest students (responses, where it is not known who wrote them) that are
            counted together; never fewer than `LEAST_SHARED`.
    """

    parts: ItemParts
    rows: Sequence[Row]
    shared_by: int

    @property
    def enough(self) -> bool:
        """Whether there are as many responses as a record has at least."""
        return len(self.rows) >= LEAST_RESPONSES

    @property
    def texts(self) -> list[str]:
        """The responses."""
        return [row.text for row in self.rows]

    def counted(self, scores: Sequence[Score], unknown: Sequence[int] = ()) -> dict[str, Any]:
        """The record, JSON types, of how its responses were scored."""
        who = writers_of(self.rows) or tuple(map(str, range(len(self.rows))))
        least = max(self.shared_by, LEAST_SHARED)
        return _counted(scores, unknown, self.parts.classes, who, least).to_json()


def with_held_out(items: Sequence[ToCount]) -> list[ItemParts]:
    """The items with the counts of how their held-out responses were scored.

    One bundle of all is scored with, so that what items share is loaded once.

    Args:
        items: the items, each by a name of its own.

    Returns:
        The parts of each; as they are where there are fewer than `LEAST_RESPONSES` responses.
    """
    parts = {item.parts.item_id: item.parts for item in items}
    enough = [item for item in items if item.enough]
    if not enough:
        return [*parts.values()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.kdz"
        write_bundle(path, [item.parts for item in enough], "", "", {}, {})
        with Scorer.open(path, first_only=True) as scorer:
            for item in enough:
                name = item.parts.item_id
                count = unknown_ngrams(LoadedItem(scorer.bundle, scorer.bundle.manifest.item(name)))
                unknown = [] if count is None else [unknown_bin(*count(one)) for one in item.texts]
                record = item.counted(scorer.score_many(item.texts, name), unknown)
                parts[name] = replace(item.parts, held_out=record)
        with_second = [(item, item.parts.second) for item in enough if item.parts.second]
        if not with_second:
            return [*parts.values()]
        with Scorer.open(path) as scorer:
            for item, second in with_second:
                name = item.parts.item_id
                record = item.counted(scorer.score_many(item.texts, name))
                state = scorer.second(name)
                if state is not None and state.backend:
                    counted = replace(second, held_out=record)
                    parts[name] = replace(parts[name], second=counted)
    return [*parts.values()]


def told(cells: Sequence[_Cell], who: Sequence[str], least: int = LEAST_SHARED) -> dict[_Cell, int]:
    """How many responses are in each cell, without those that tell of too few.

    Where a cell has fewer than `least` students, it is left out, and as many of the next smallest
    with it as it takes for the rest to be of `least` students too: what is left of all responses
    would else give it away.

    Args:
        cells: the cell of each of N responses.
        who: who wrote each.
        least: the fewest students that are counted together.
    """
    counts: dict[_Cell, int] = {}
    students: dict[_Cell, set[str]] = {}
    for cell, name in zip(cells, who, strict=True):
        counts[cell] = counts.get(cell, 0) + 1
        students.setdefault(cell, set()).add(name)
    rest: set[str] = set()
    for cell in sorted(counts, key=lambda cell: (len(students[cell]), counts[cell], str(cell))):
        if len(students[cell]) >= least and (not rest or len(rest) >= least):
            break
        rest |= students[cell]
        del counts[cell]
    return counts


def _counted(
    scores: Sequence[Score],
    unknown: Sequence[int],
    classes: Sequence[str],
    who: Sequence[str],
    least: int,
) -> HeldOut:
    def bins(cells: Sequence[int], number: int) -> tuple[int, ...]:
        counts: Mapping[Any, int] = told(cells, who, least)
        return tuple(counts.get(cell, 0) for cell in range(number))

    flags = told([score.flag for score in scores], who, least)
    # As a table has it: a confidence of 0.69998 is in there as 0.7.
    confidences = [confidence_bin(float(f"{score.confidence:.4f}")) for score in scores]
    return HeldOut(
        responses=len(scores),
        score=bins([classes.index(score.predicted) for score in scores], len(classes)),
        confidence=bins(confidences, CONFIDENCE_BINS),
        flag={name: flags[name] for name in sorted(flags)},
        unknown=bins(unknown, UNKNOWN_BINS) if unknown else (),
    )
