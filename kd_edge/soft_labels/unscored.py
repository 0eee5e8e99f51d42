"""Responses that nobody scored: which to learn from and which to choose by, and what labels say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Item, Row
from kd_edge.data.splits import order_by_chance
from kd_edge.teacher.held_out import learning_rows
from kd_edge.teacher.options import TeacherOptions


def unscored_rows(item: Item) -> list[Row]:
    """The rows without a score that are not marked "test"."""
    return [row for row in item.rows if row.score is None and row.split != "test"]


def split_unscored(item: Item, seed: int) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows to learn from by labels alone, and those to choose by.

    They are the rows without a score; where every row has one, those of `learning_rows`. As many
    are held out as of scored rows, by their ids' hashes: before anything is known of their labels.

    Args:
        item: the item.
        seed: of the choice.
    """
    rows = unscored_rows(item)
    if not rows:
        return learning_rows(item, None, seed) if item.learning else ((), ())
    share = TeacherOptions().validation
    order = sorted(rows, key=lambda row: order_by_chance(row.response_id, seed))
    held = {row.response_id for row in order[: max(1, round(share * len(rows)))]}
    return (
        tuple(row for row in rows if row.response_id not in held),
        tuple(row for row in rows if row.response_id in held),
    )


def variant_rows(item: Item, seed: int) -> tuple[Row, ...]:
    """The rows to make variants of, where scores may be missing: none that is chosen by.

    They are those without a score where these are at least as many as those with one.
    """
    if len(unscored_rows(item)) >= len(item.learning):
        return split_unscored(item, seed)[0]
    return learning_rows(item, None, seed)[0]


def scored_by_labels(
    rows: Sequence[Row], labels: Mapping[str, npt.NDArray[np.floating]]
) -> tuple[Row, ...]:
    """Rows with the likeliest class of their labels [K] in the place of a person's score."""
    return tuple(replace(row, score=int(labels[row.response_id].argmax())) for row in rows)
