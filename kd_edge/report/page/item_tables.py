"""The tables of one item: their columns, and what each column needs to be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

from kd_edge.evaluation.agreement import HUMANS, scorer_name
from kd_edge.evaluation.rsmtool import GIVEN, RAW, ROUNDED, TRIMMED, Comparison, ScoreSpread
from kd_edge.report.figures import limits
from kd_edge.report.figures.items import Baseline, ItemFigures
from kd_edge.report.page.blocks import Cell, Column, Table, figure, table
from kd_edge.report.page.merging import merged
from kd_edge.report.page.numbers import number, percent, signed, signed_points, tenths, thousandths

POINTS, WORDS = "points", "words"
"""What columns need: scores that are points, or classes that are words."""

_KINDS = {
    RAW: "expected score",
    TRIMMED: "trimmed",
    ROUNDED: "trimmed, rounded",
    GIVEN: "as given",
}
_SHOWN_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)


@dataclass(frozen=True)
class _Compared:
    """A row of figures: one kind of score of a model, a baseline, or the second rater."""

    name: str
    figures: Comparison | Baseline
    kind: str = GIVEN
    error: float | None = None


def _of(name: str) -> Callable[[_Compared], float | None]:
    """A figure of a row; None where it has none."""
    return lambda row: getattr(row.figures, name, None)


_NAME = Column("scores by", lambda row: scorer_name(row.name))
_KIND = Column("score", lambda row: _KINDS[row.kind], POINTS)
_N = Column("N", lambda row: str(row.figures.responses))
_EXACT = figure("exact", _of("exact"), tenths)
_ADJACENT = figure("adjacent", _of("adjacent"), tenths, needs=POINTS)
_KAPPA = figure("kappa", _of("kappa"), number)
_QWK = figure("QWK", _of("qwk"), number, limits.QWK, POINTS)
_SMD = figure("SMD", _of("smd"), signed, limits.SMD, POINTS)
_CORRELATION = figure("correlation", _of("correlation"), number, limits.CORRELATION, POINTS)
_AGREEMENT = (
    *(_NAME, _KIND, Column("N", _N.cell, WORDS), _EXACT, _ADJACENT, _KAPPA, _QWK),
    figure("macro F1", _of("macro_f1"), number, needs=WORDS),
    _CORRELATION,
    figure("R2", _of("r2"), number, needs=POINTS),
    figure("RMSE", _of("rmse"), number, needs=POINTS),
)
_ECE = figure("ECE", lambda row: row.error, thousandths)
_PEOPLE = (
    figure("exact", _of("exact"), tenths, limits.PEOPLE_EXACT),
    figure("adjacent", _of("adjacent"), tenths, limits.PEOPLE_ADJACENT, POINTS),
)


def _glance_qwk(row: _Compared) -> Cell:
    """Not flagged for a baseline, which nobody uses to score."""
    judged = isinstance(row.figures, Comparison)
    return Cell(number(row.figures.qwk), judged and limits.QWK.broken(row.figures.qwk))


def available(item: ItemFigures) -> tuple[str, ...]:
    """What the item has of what columns need."""
    return (POINTS if item.numeric else WORDS,)


def at_a_glance(item: ItemFigures) -> Table:
    """People, models and baselines compared with people's scores."""
    rows = [_Compared(HUMANS, item.people)] if item.people else []
    rows += [_Compared(one.name, one.given, error=one.sureness.error) for one in item.machines]
    rows += [_Compared(name, figures) for name, figures in item.baselines.items()]
    qwk = Column("QWK", _glance_qwk, POINTS)
    columns = (_NAME, _EXACT, _ADJACENT, qwk, _KAPPA, _SMD, _ECE)
    title = "At a glance: agreement with people's scores"
    return merged(table(title, columns, rows, available(item)))


def review_table(item: ItemFigures) -> Table:
    """Agreement when the least confident responses go to a person."""
    columns = (
        Column("share sent to a person, the least confident first", percent),
        figure("small model: agreement on the rest", item.bundle.sureness.at, tenths),
        figure("large model: agreement on the rest", item.teacher.sureness.at, tenths),
    )
    return table("Agreement when people review some responses", columns, _SHOWN_SHARES)


def reliability_table(item: ItemFigures) -> Table:
    """Agreement by confidence, in groups of as many responses each."""
    columns = (
        figure("confidence", lambda group: group.confidence, percent),
        Column("N", lambda group: str(group.responses)),
        figure("equal to people's", lambda group: group.exact, percent),
        Column("95% interval", lambda group: f"{percent(group.low)} to {percent(group.high)}"),
    )
    title = "Confidence and actual agreement, the least confident responses first"
    return table(title, columns, item.bundle.sureness.pooled)


def distribution_table(item: ItemFigures) -> Table:
    """How often people and models give each score."""
    people, small = item.human_shares, item.bundle.shares
    columns = (
        Column("score", item.classes.__getitem__),
        figure("people", people.__getitem__, tenths),
        figure("large model", item.teacher.shares.__getitem__, tenths),
        figure("small model", small.__getitem__, tenths),
        figure(
            "small model minus people",
            lambda at: small[at] - people[at],
            signed_points,
            limits.SHARE,
        ),
    )
    return table("Shares of the responses", columns, range(len(item.classes)))


def confusion_table(item: ItemFigures) -> Table:
    """Responses by people's score and the small model's."""
    names = ["people \\ small model", *item.classes]
    columns = [Column(name, itemgetter(at)) for at, name in enumerate(names)]
    pairs = zip(item.classes, item.bundle.confusion, strict=True)
    rows = [[name, *map(str, counts)] for name, counts in pairs]
    title = "Number of responses by people's score (rows) and the small model's (columns)"
    return table(title, columns, rows)


def _spread(who: str, of: Callable[[Comparison], ScoreSpread | None]) -> list[Column]:
    """Mean, standard deviation and range of people's scores or a model's."""

    def column(head: str, name: str) -> Column:
        return figure(f"{who}: {head}", lambda row: getattr(of(row.figures), name), number)

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
    people = _spread("people", lambda one: one.reference)
    model = _spread("model", lambda one: one.machine)
    columns = (_NAME, _KIND, _N, *people, *model, _SMD)
    return merged(table("How scores spread", columns, _all_kinds(item), available(item)), 2)


def agreement_table(item: ItemFigures) -> Table:
    """How every kind of score of every model agrees with people's scores."""
    title = "How scores agree with people's scores"
    labels = 2 if item.numeric else 1
    return merged(table(title, _AGREEMENT, _all_kinds(item), available(item)), labels)


def second_rater_table(item: ItemFigures, people: Comparison) -> Table:
    """How two people agree; of points only."""
    first = _spread("first", lambda one: one.reference)[:2]
    second = _spread("second", lambda one: one.machine)[:2]
    columns = (_N, *first, *second, _SMD, *_PEOPLE, _KAPPA, _QWK, _CORRELATION)
    return table("Two people", columns, [_Compared(HUMANS, people)], available(item))


def degradation_table(item: ItemFigures) -> Table:
    """Every model compared with the second rater; of points only."""
    columns = (
        Column("scores by", lambda row: scorer_name(row[0])),
        Column("score", lambda row: _KINDS[row[1]]),
        figure("exact", lambda row: row[2].exact, signed_points),
        figure("adjacent", lambda row: row[2].adjacent, signed_points),
        figure("kappa", lambda row: row[2].kappa, signed),
        figure("QWK", lambda row: row[2].qwk, signed, limits.DEGRADATION),
        figure("correlation", lambda row: row[2].correlation, signed, limits.DEGRADATION),
    )
    rows = [
        (one.name, kind, lost) for one in item.machines for kind, lost in one.degradation.items()
    ]
    return merged(table("Degradation: a model in the second rater's place", columns, rows), 2)


def true_score_table(item: ItemFigures) -> Table:
    """Every model compared with true scores; of points only."""
    columns = (
        Column("scores by", lambda row: scorer_name(row[0].name)),
        Column("score", lambda row: _KINDS[row[1]]),
        figure("disattenuated correlation", lambda row: row[0].disattenuated[row[1]], thousandths),
        figure("PRMSE", lambda row: row[0].true_scores[row[1]].prmse, thousandths),
        figure("true-score MSE", lambda row: row[0].true_scores[row[1]].mse, thousandths),
    )
    rows = [(one, kind) for one in item.machines for kind in one.true_scores]
    return merged(table("Without raters' own errors", columns, rows), 2)


def imitation_table(item: ItemFigures) -> Table:
    """The small model on a device compared with the large model, and with itself in PyTorch."""
    name = Column("small model on a device against", lambda row: scorer_name(row.name))
    pairs = ((item.teacher, item.with_teacher), (item.student, item.with_student))
    rows = [_Compared(scorer.name, figures) for scorer, figures in pairs]
    columns = (name, _EXACT, _ADJACENT, _KAPPA, _QWK)
    return table(
        "How closely the small model follows the large model", columns, rows, available(item)
    )


def group_table(item: ItemFigures) -> Table:
    """Models compared with people, for each group of students."""

    def dsm(head: str, model: int, kind: str) -> Column:
        return figure(head, lambda row: row[model].dsm.get(kind), signed, limits.DSM, POINTS)

    columns = (
        Column("group", lambda row: row[0].name),
        Column("N", lambda row: str(row[0].responses)),
        figure("people: mean", lambda row: row[0].human_mean, number, needs=POINTS),
        figure("small model: mean", lambda row: row[0].machine_mean, number, needs=POINTS),
        dsm("small model: DSM", 0, GIVEN),
        dsm("DSM of expected scores", 0, TRIMMED),
        figure("exact", lambda row: row[0].exact, tenths),
        figure("QWK", lambda row: row[0].qwk, number, limits.QWK, POINTS),
        dsm("large model: DSM", 1, GIVEN),
        figure("large model: QWK", lambda row: row[1].qwk, number, limits.QWK, POINTS),
    )
    rows = list(zip(item.bundle.groups, item.teacher.groups, strict=True))
    return table("By group, compared with people's scores", columns, rows, available(item))
