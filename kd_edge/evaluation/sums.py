"""Agreement of the sums of several criteria's scores with those of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kd_edge.console.tables import TerminalTable
from kd_edge.data.scale import Scale
from kd_edge.evaluation.agreement import scorer_name
from kd_edge.evaluation.metrics import Scores, quadratic_kappa
from kd_edge.evaluation.rsmtool import standardized_mean_difference

PointSums = npt.NDArray[np.float64]

_COLUMNS = ("", "QWK", "exact (accuracy)", "SMD")


@dataclass(frozen=True)
class PartScores:
    """The scores of an item that is a part of a sum.

    Attributes:
        item_id: the item.
        scale: its classes.
        ids: ids of the N test responses.
        human: people's scores, as classes; [N].
        scorers: every scorer's scores, as classes; [N] each.
    """

    item_id: str
    scale: Scale
    ids: Sequence[str]
    human: Scores
    scorers: Mapping[str, Scores]


@dataclass(frozen=True)
class SumLine:
    """How well a scorer's sums agree with people's.

    Attributes:
        name: the scorer.
        qwk: quadratic weighted kappa by points, -1 to 1.
        accuracy: share of responses with equal sums, 0 to 1.
        smd: standardized mean difference, above 0 where the scorer is more generous; None where
            people's sums do not differ.
    """

    name: str
    qwk: float
    accuracy: float
    smd: float | None


@dataclass(frozen=True)
class SumAgreement:
    """The figures of a sum.

    Attributes:
        name: what the items are parts of.
        items: the items.
        responses: number of test responses that all items have.
        lines: a line for each scorer of all items.
    """

    name: str
    items: tuple[str, ...]
    responses: int
    lines: tuple[SumLine, ...]


def sum_agreement(name: str, parts: Sequence[PartScores]) -> SumAgreement | None:
    """Add up the scores of several items, and compare the sums with people's.

    Args:
        name: what the items are parts of.
        parts: the items, at least one.

    Returns:
        None where no test response has a score of every item.
    """
    shared = set(parts[0].ids).intersection(*(part.ids for part in parts))
    ids = [one for one in parts[0].ids if one in shared]
    if not ids:
        return None
    human = _sums(parts, [part.human for part in parts], ids)
    scorers = [one for one in parts[0].scorers if all(one in part.scorers for part in parts)]
    lines = []
    for scorer in scorers:
        sums = _sums(parts, [part.scorers[scorer] for part in parts], ids)
        lines.append(_line(scorer, human, sums))
    items = tuple(part.item_id for part in parts)
    return SumAgreement(name, items, len(ids), tuple(lines))


def _sums(parts: Sequence[PartScores], scores: Sequence[Scores], ids: Sequence[str]) -> PointSums:
    """The points of each response, over all parts; [len(ids)]."""
    total = np.zeros(len(ids))
    for part, classes in zip(parts, scores, strict=True):
        places = {one: at for at, one in enumerate(part.ids)}
        points = np.asarray(part.scale.values, dtype=np.float64)[classes]
        total += points[[places[one] for one in ids]]
    return np.round(total, 6)


def _line(name: str, human: PointSums, machine: PointSums) -> SumLine:
    points, both = np.unique(np.concatenate([human, machine]), return_inverse=True)
    first, second = np.split(both.astype(np.int64), 2)
    return SumLine(
        name,
        quadratic_kappa(first, second, points.tolist()),
        float(np.mean(first == second)),
        standardized_mean_difference(human, machine),
    )


def sums_table(found: SumAgreement) -> TerminalTable:
    """A table for the terminal, a row for each scorer."""
    rows = [
        [
            scorer_name(line.name),
            f"{line.qwk:.3f}",
            f"{line.accuracy:.3f}",
            "" if line.smd is None else f"{line.smd:+.3f}",
        ]
        for line in found.lines
    ]
    title = (
        f"Sum '{found.name}' of {len(found.items)} criteria: agreement with people's sums on "
        f"{found.responses:,} responses"
    )
    return TerminalTable(title, _COLUMNS, rows)
