"""The sums of a run: items that are criteria of one response, whose scores add up."""

from __future__ import annotations

from collections.abc import Sequence

from kd_edge.data.responses import Item
from kd_edge.evaluation.agreement import HUMANS, NO_SCORE, STUDENT, TEACHER
from kd_edge.evaluation.metrics import Scores
from kd_edge.evaluation.sums import PartScores, SumAgreement, sum_agreement
from kd_edge.runs.test_scores import ScoredRows


def sums_of(items: Sequence[tuple[Item, ScoredRows]]) -> tuple[SumAgreement, ...]:
    """The figures of each sum of which at least two items are here.

    Args:
        items: the items, each with the scores of its test responses.
    """
    by_sum: dict[str, list[PartScores]] = {}
    for item, scored in items:
        if item.part_of is not None:
            by_sum.setdefault(item.part_of, []).append(_part(item, scored))
    found = [sum_agreement(name, parts) for name, parts in by_sum.items() if len(parts) > 1]
    return tuple(one for one in found if one is not None)


def _part(item: Item, scored: ScoredRows) -> PartScores:
    scorers: dict[str, Scores] = {
        TEACHER: scored.teacher.predicted,
        STUDENT: scored.bundle.predicted,
    }
    if not (scored.second == NO_SCORE).any():
        scorers = {HUMANS: scored.second, **scorers}
    return PartScores(item.item_id, item.scale, scored.ids, scored.human, scorers)
