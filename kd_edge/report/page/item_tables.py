"""The tables of one item: their columns, and what each column needs to be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

from kd_edge.evaluation.agreement import HUMANS, scorer_name
from kd_edge.evaluation.rsmtool import GIVEN, RAW, ROUNDED, TRIMMED, Comparison, ScoreSpread
from kd_edge.report.figures.groups import Group
from kd_edge.report.figures.items import ItemFigures
from kd_edge.report.figures.limits import (
    CORRELATION,
    DEGRADATION,
    DSM,
    PEOPLE_ADJACENT,
    PEOPLE_EXACT,
    QWK,
    SHARE,
    SMD,
    Limit,
)
from kd_edge.report.figures.raters import Degradation, TrueScores
from kd_edge.report.page.blocks import Cell, Column, Table, cell, table
from kd_edge.report.page.numbers import number, percent, signed

POINTS, WORDS = "points", "words"
"""What columns need: scores that are points, or classes that are words."""

_KINDS = {
    RAW: "expected score",
    TRIMMED: "trimmed",
    ROUNDED: "trimmed, rounded",
    GIVEN: "as given",
}
_SHOWN_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)


def available(item: ItemFigures) -> tuple[str, ...]:
    """What the item has of what columns need."""
    return (POINTS if item.numeric else WORDS,)


@dataclass(frozen=True)
class _Glance:
    """A row of the first table: people, a model or a baseline."""

    name: str
    exact: float | None
    adjacent: float | None
    qwk: float | None
    of: Comparison | None = None
    error: float | None = None


def _limited(row: _Glance, value: float | None, limit: Limit) -> Cell:
    """A share, flagged where it is of people and outside the limit."""
    return cell(percent(value, 1), value, limit if row.name == HUMANS else None)


_GLANCE = (
    Column[_Glance]("scores by", lambda row: scorer_name(row.name)),
    Column[_Glance]("exact agreement", lambda row: _limited(row, row.exact, PEOPLE_EXACT)),
    Column[_Glance]("adjacent", lambda row: _limited(row, row.adjacent, PEOPLE_ADJACENT), POINTS),
    Column[_Glance](
        "QWK", lambda row: cell(number(row.qwk), row.qwk, QWK if row.of else None), POINTS
    ),
    Column[_Glance]("kappa", lambda row: number(row.of.kappa if row.of else None)),
    Column[_Glance]("SMD", lambda row: _smd(row.of) if row.of else "", POINTS),
    Column[_Glance]("ECE", lambda row: number(row.error, 3)),
)


def at_a_glance(item: ItemFigures) -> Table:
    """People, models and baselines compared with people's scores."""
    rows = []
    if people := item.people:
        rows.append(_Glance(HUMANS, people.exact, people.adjacent, people.qwk, people))
    for one in item.machines:
        of, error = one.given, one.sureness.error
        rows.append(_Glance(one.name, of.exact, of.adjacent, of.qwk, of, error))
    for name, base in item.baselines.items():
        rows.append(_Glance(name, base.exact, base.adjacent, base.qwk))
    return table("At a glance: agreement with people's scores", _GLANCE, rows, available(item))


def review_table(item: ItemFigures) -> Table:
    """Agreement when the least confident responses go to a person."""
    small, large = item.bundle.sureness, item.teacher.sureness
    columns = (
        Column[float]("share sent to a person, the least confident first", percent),
        Column[float]("small model: agreement on the rest", lambda at: percent(small.at(at), 1)),
        Column[float]("large model", lambda at: percent(large.at(at), 1)),
    )
    return table("Agreement when people review some responses", columns, _SHOWN_SHARES)


def distribution_table(item: ItemFigures) -> Table:
    """How often people and models give each score."""

    def difference(at: int) -> Cell:
        apart = item.bundle.shares[at] - item.human_shares[at]
        return cell(f"{signed(apart * 100, 1)} points", apart, SHARE)

    columns = (
        Column[int]("score", lambda at: item.classes[at]),
        Column[int]("people", lambda at: percent(item.human_shares[at], 1)),
        Column[int]("large model", lambda at: percent(item.teacher.shares[at], 1)),
        Column[int]("small model", lambda at: percent(item.bundle.shares[at], 1)),
        Column[int]("small model minus people", difference),
    )
    return table("Shares of the responses", columns, range(len(item.classes)))


def confusion_table(item: ItemFigures) -> Table:
    """Responses by people's score and the small model's."""
    names = ["people \\ small model", *item.classes]
    columns = [Column[list[str]](name, itemgetter(at)) for at, name in enumerate(names)]
    pairs = zip(item.classes, item.bundle.confusion, strict=True)
    rows = [[name, *map(str, counts)] for name, counts in pairs]
    title = "Number of responses by people's score (rows) and the small model's (columns)"
    return table(title, columns, rows)


@dataclass(frozen=True)
class _Compared:
    """A row of figures: one kind of score of a model, or of the second rater."""

    name: str
    figures: Comparison
    kind: str = GIVEN


_NAME = Column[_Compared]("scores by", lambda row: scorer_name(row.name))
_KIND = Column[_Compared]("score", lambda row: _KINDS[row.kind], POINTS)
_N = Column[_Compared]("N", lambda row: str(row.figures.responses))
_EXACT = Column[_Compared]("exact", lambda row: percent(row.figures.exact, 1))
_ADJACENT = Column[_Compared]("adjacent", lambda row: percent(row.figures.adjacent, 1), POINTS)
_KAPPA = Column[_Compared]("kappa", lambda row: number(row.figures.kappa))
_QWK = Column[_Compared](
    "QWK", lambda row: cell(number(row.figures.qwk), row.figures.qwk, QWK), POINTS
)
_SMD = Column[_Compared]("SMD", lambda row: _smd(row.figures), POINTS)
_CORRELATION = Column[_Compared](
    "correlation",
    lambda row: cell(number(row.figures.correlation), row.figures.correlation, CORRELATION),
    POINTS,
)
_PEOPLE_EXACT = Column[_Compared](
    "exact", lambda row: cell(percent(row.figures.exact, 1), row.figures.exact, PEOPLE_EXACT)
)
_PEOPLE_ADJACENT = Column[_Compared](
    "adjacent",
    lambda row: cell(percent(row.figures.adjacent, 1), row.figures.adjacent, PEOPLE_ADJACENT),
)
_AGREEMENT = (
    *(_NAME, _KIND, _N, _EXACT, _ADJACENT, _KAPPA, _QWK),
    Column[_Compared]("macro F1", lambda row: number(row.figures.macro_f1), WORDS),
    _CORRELATION,
    Column[_Compared]("R2", lambda row: number(row.figures.r2), POINTS),
    Column[_Compared]("RMSE", lambda row: number(row.figures.rmse), POINTS),
)


def _spread(who: str, of: Callable[[Comparison], ScoreSpread | None]) -> list[Column[_Compared]]:
    """Mean, standard deviation and range of people's scores or a model's."""

    def column(head: str, name: str) -> Column[_Compared]:
        return Column(f"{who}: {head}", lambda row: number(getattr(of(row.figures), name)))

    names = (("mean", "mean"), ("sd", "sd"), ("min", "low"), ("max", "high"))
    return [column(head, name) for head, name in names]


def _all_kinds(item: ItemFigures) -> list[_Compared]:
    return [
        _Compared(scorer.name, figures, kind)
        for scorer in item.machines
        for kind, figures in scorer.against_people.items()
    ]


def spread_table(item: ItemFigures) -> Table:
    """How the scores of people and models spread; of points only."""
    people, model = (
        _spread("people", lambda one: one.reference),
        _spread("model", lambda one: one.machine),
    )
    columns = (_NAME, _KIND, _N, *people, *model, _SMD)
    return table("How scores spread", columns, _all_kinds(item), available(item))


def agreement_table(item: ItemFigures) -> Table:
    """How every kind of score of every model agrees with people's scores."""
    title = "How scores agree with people's scores"
    return table(title, _AGREEMENT, _all_kinds(item), available(item))


def second_rater_table(item: ItemFigures, people: Comparison) -> Table:
    """How two people agree; of points only."""
    first, second = (
        _spread("first", lambda one: one.reference)[:2],
        _spread("second", lambda one: one.machine)[:2],
    )
    agreement = (_PEOPLE_EXACT, _PEOPLE_ADJACENT, _KAPPA, _QWK, _CORRELATION)
    columns = (_N, *first, *second, _SMD, *agreement)
    return table("Two people", columns, [_Compared(HUMANS, people)], available(item))


_Degraded = tuple[str, str, Degradation]


def degradation_table(item: ItemFigures) -> Table:
    """Every model compared with the second rater; of points only."""

    def share(head: str, of: Callable[[Degradation], float | None]) -> Column[_Degraded]:
        def points(row: _Degraded) -> str:
            lost = of(row[2])
            return "" if lost is None else f"{signed(lost * 100, 1)} points"

        return Column(head, points)

    def limited(head: str, of: Callable[[Degradation], float | None]) -> Column[_Degraded]:
        return Column(head, lambda row: cell(signed(of(row[2])), of(row[2]), DEGRADATION))

    columns = (
        Column[_Degraded]("scores by", lambda row: scorer_name(row[0])),
        Column[_Degraded]("score", lambda row: _KINDS[row[1]]),
        share("exact", lambda lost: lost.exact),
        share("adjacent", lambda lost: lost.adjacent),
        Column[_Degraded]("kappa", lambda row: signed(row[2].kappa)),
        limited("QWK", lambda lost: lost.qwk),
        limited("correlation", lambda lost: lost.correlation),
    )
    rows = [
        (scorer.name, kind, lost)
        for scorer in item.machines
        for kind, lost in scorer.degradation.items()
    ]
    return table("Degradation: a model in the second rater's place", columns, rows)


_TrueScored = tuple[str, str, float | None, TrueScores]


def true_score_table(item: ItemFigures) -> Table:
    """Every model compared with true scores; of points only."""
    columns = (
        Column[_TrueScored]("scores by", lambda row: scorer_name(row[0])),
        Column[_TrueScored]("score", lambda row: _KINDS[row[1]]),
        Column[_TrueScored]("disattenuated correlation", lambda row: number(row[2], 3)),
        Column[_TrueScored]("PRMSE", lambda row: number(row[3].prmse, 3)),
        Column[_TrueScored]("true-score MSE", lambda row: number(row[3].mse, 3)),
    )
    rows = [
        (scorer.name, kind, scorer.disattenuated[kind], true)
        for scorer in item.machines
        for kind, true in scorer.true_scores.items()
    ]
    return table("Without raters' own errors", columns, rows)


def imitation_table(item: ItemFigures) -> Table:
    """The small model on a device compared with the large model, and with itself in PyTorch."""
    name = Column[_Compared]("small model on a device against", lambda row: scorer_name(row.name))
    rows = [
        _Compared(item.teacher.name, item.with_teacher),
        _Compared(item.student.name, item.with_student),
    ]
    columns = (name, _EXACT, _ADJACENT, _KAPPA, _QWK)
    title = "Does the small model score like the large model?"
    return table(title, columns, rows, available(item))


_Groups = tuple[Group, Group]
"""The small model's figures of a group, and the large model's."""


def group_table(item: ItemFigures) -> Table:
    """Models compared with people, for each group of students."""

    def dsm(who: int, head: str, kind: str) -> Column[_Groups]:
        def of(row: _Groups) -> Cell:
            value = row[who].dsm.get(kind)
            return cell(signed(value), value, DSM)

        return Column(head, of, POINTS)

    def qwk(who: int, head: str) -> Column[_Groups]:
        return Column(head, lambda row: cell(number(row[who].qwk), row[who].qwk, QWK), POINTS)

    columns = (
        Column[_Groups]("group", lambda row: row[0].name),
        Column[_Groups]("N", lambda row: str(row[0].responses)),
        Column[_Groups]("people: mean", lambda row: number(row[0].human_mean), POINTS),
        Column[_Groups]("small model: mean", lambda row: number(row[0].machine_mean), POINTS),
        dsm(0, "small model: DSM", GIVEN),
        dsm(0, "DSM of expected scores", TRIMMED),
        Column[_Groups]("exact", lambda row: percent(row[0].exact, 1)),
        qwk(0, "QWK"),
        dsm(1, "large model: DSM", GIVEN),
        qwk(1, "large model: QWK"),
    )
    rows = list(zip(item.bundle.groups, item.teacher.groups, strict=True))
    title = "By group, compared with people's scores"
    return table(title, columns, rows, available(item))


def _smd(one: Comparison) -> Cell:
    return cell(signed(one.smd), one.smd, SMD)
