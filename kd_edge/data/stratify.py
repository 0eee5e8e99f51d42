"""Stratified splits of scored rows: the same on every machine for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from kd_edge.data.responses import Row


def validation_rows(rows: Sequence[Row], share: float, seed: int) -> tuple[str, ...]:
    """Choose rows to hold out, the same share of each class.

    Args:
        rows: scored rows.
        share: share of each class, > 0 and < 1, rounded to whole rows. A class of one row
            stays in training.
        seed: of the choice.

    Returns:
        The response ids of the chosen rows, in the order of `rows`; at least one where a class
        has two rows or more.
    """
    classes = _shuffled_classes(rows, seed)
    chosen = {row.response_id for group in classes for row in group[: round(share * len(group))]}
    if not chosen:
        largest = max(classes, key=len, default=[])
        chosen = {row.response_id for row in largest[: len(largest) > 1]}
    return tuple(row.response_id for row in rows if row.response_id in chosen)


def deal_folds(rows: Sequence[Row], folds: int, seed: int) -> dict[str, int]:
    """Deal rows into folds, each class as evenly as possible.

    Args:
        rows: scored rows.
        folds: number of folds, >= 2.
        seed: of the dealing.

    Returns:
        Response id to fold, 0 … folds - 1; the folds' sizes differ by one at most.
    """
    dealt = [row for group in _shuffled_classes(rows, seed) for row in group]
    return {row.response_id: place % folds for place, row in enumerate(dealt)}


def _shuffled_classes(rows: Sequence[Row], seed: int) -> list[list[Row]]:
    rng = random.Random(seed)
    classes = [
        [row for row in rows if row.score == score]
        for score in sorted({row.score for row in rows if row.score is not None})
    ]
    for group in classes:
        rng.shuffle(group)
    return classes
