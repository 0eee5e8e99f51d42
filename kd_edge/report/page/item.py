"""The report of one item, block by block: what it says, whatever it is written as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kd_edge.evaluation.rsmtool import GIVEN, RAW, ROUNDED, TRIMMED, Comparison
from kd_edge.report.figures.disagreements import Disagreements
from kd_edge.report.figures.items import BUNDLE, PEOPLE, TEACHER, ItemFigures
from kd_edge.report.figures.limits import (
    CORRELATION,
    DEGRADATION,
    DSM,
    PEOPLE_ADJACENT,
    PEOPLE_EXACT,
    QWK,
    SHARE,
    SMD,
)
from kd_edge.report.figures.scorers import Machine
from kd_edge.report.page import plots, sentences
from kd_edge.report.page.blocks import (
    Block,
    Cell,
    Heading,
    Plots,
    Points,
    Responses,
    Table,
    Text,
    cell,
    table,
)
from kd_edge.report.page.numbers import number, percent, signed

_SORT = {
    RAW: "expected score",
    TRIMMED: "trimmed",
    ROUNDED: "trimmed, rounded",
    GIVEN: "as given out",
}
_SHOWN_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)


def item_blocks(
    item: ItemFigures, name: str, worst: Disagreements | None, heading: str = ""
) -> Iterator[Block]:
    """All blocks of an item.

    Args:
        item: its figures.
        name: of the item within the page, for the ids of its plots.
        worst: its worst disagreements, None where they are not to be shown.
        heading: what stands above them, unless it is the item's name.
    """
    yield Heading(heading or f"Item {item.item_id}", 1, name)
    yield Text(sentences.headline(item), "lead")
    yield Text(sentences.how_sure(item), "note")
    found = sentences.warnings(item)
    yield Text(sentences.verdict(found))
    if found:
        yield Points(found, flagged=True)
    yield Text(sentences.review_advice(item))
    for said in (item.review, sentences.flagged_advice(item), sentences.calibration_said(item)):
        if said:
            yield Text(said)
    yield _at_a_glance(item)
    yield Plots(
        (
            plots.distribution(item, f"{name}-shares"),
            plots.confusion(item, f"{name}-confusion"),
            plots.reliability(item.bundle.sureness, f"{name}-reliability"),
            plots.review(item.teacher.sureness, item.bundle.sureness, f"{name}-review"),
        )
    )
    yield from _details(item)
    if worst:
        yield from _worst(item, worst)


def _at_a_glance(item: ItemFigures) -> Table:
    rows = []
    if item.people:
        exact = cell(percent(item.people.exact, 1), item.people.exact, PEOPLE_EXACT)
        near = cell(percent(item.people.adjacent, 1), item.people.adjacent, PEOPLE_ADJACENT)
        rows.append([PEOPLE, exact, near, *_ranked(item.people), ""])
    for one in item.machines:
        given = one.given
        exact, near = percent(given.exact, 1), percent(given.adjacent, 1)
        rows.append([one.name, exact, near, *_ranked(given), number(one.sureness.error, 3)])
    for name, base in item.baselines.items():
        near = percent(base.adjacent, 1)
        rows.append([name, percent(base.exact, 1), near, number(base.qwk), "", "", ""])
    header = ["scores by", "exact agreement", "adjacent", "QWK", "kappa", "SMD", "ECE"]
    if not item.numeric:
        keep = (0, 1, 4, 6)
        rows, header = [[row[at] for at in keep] for row in rows], [header[at] for at in keep]
    return table("At a glance: against people's scores", header, rows)


def _ranked(one: Comparison) -> list[Cell | str]:
    return [cell(number(one.qwk), one.qwk, QWK), number(one.kappa), _smd(one)]


def _smd(one: Comparison) -> Cell:
    return cell(signed(one.smd), one.smd, SMD)


def _details(item: ItemFigures) -> Iterator[Block]:
    yield Heading("How sure it is")
    yield _review_table(item)
    yield Heading("How often each score is given")
    yield _distribution_table(item)
    yield _confusion_table(item)
    if item.numeric:
        yield Heading("All figures against people's scores")
        yield _spread_table(item.machines)
        yield _agreement_table(item.machines)
    else:
        yield _word_table(item)
    yield Heading("Beside a second rater")
    yield from _second_rater(item)
    yield Heading("Student and teacher")
    yield _against_teacher(item)
    if item.bundle.groups:
        yield Heading("Groups of students")
        yield _group_table(item)


def _review_table(item: ItemFigures) -> Table:
    header = ["sent to a person, the least sure first", "student: rest agrees", "teacher's"]
    rows = []
    for share in _SHOWN_SHARES:
        student, teacher = (one.sureness.at(share) for one in (item.bundle, item.teacher))
        rows.append([percent(share), percent(student, 1), percent(teacher, 1)])
    return table("What is gained by sending responses to a person", header, rows)


def _distribution_table(item: ItemFigures) -> Table:
    rows = []
    for at, name in enumerate(item.classes):
        human, machine = item.human_shares[at], item.bundle.shares[at]
        apart = machine - human
        rows.append(
            [
                name,
                percent(human, 1),
                percent(item.teacher.shares[at], 1),
                percent(machine, 1),
                cell(f"{signed(apart * 100, 1)} points", apart, SHARE),
            ]
        )
    header = ["score", "people", "teacher", "student", "student less people"]
    return table("Shares of the responses", header, rows)


def _confusion_table(item: ItemFigures) -> Table:
    header = ["people \\ student", *item.classes]
    counts = item.bundle.confusion
    rows = [[name, *map(str, row)] for name, row in zip(item.classes, counts, strict=True)]
    return table("Responses by people's score (rows) and the student's (columns)", header, rows)


def _spread_table(machines: Sequence[Machine]) -> Table:
    header = ["scores by", "score", "N", "people: mean", "sd", "min", "max"]
    header += ["machine: mean", "sd", "min", "max", "SMD"]
    rows = []
    for one in machines:
        for sort, found in one.against_people.items():
            row = [one.name, _SORT[sort], str(found.responses)]
            for spread in (found.reference, found.machine):
                values = (spread.mean, spread.sd, spread.low, spread.high)
                row += [number(value) for value in values]
            rows.append([*row, _smd(found)])
    return table("How scores spread", header, rows)


def _agreement_table(machines: Sequence[Machine]) -> Table:
    header = ["scores by", "score", "exact", "adjacent", "kappa", "QWK"]
    header += ["correlation", "R2", "RMSE"]
    rows = []
    for one in machines:
        for sort, found in one.against_people.items():
            rows.append([one.name, _SORT[sort], *_agreement_cells(found)])
    return table("How scores agree", header, rows)


def _agreement_cells(one: Comparison) -> list[Cell | str]:
    return [
        percent(one.exact, 1),
        percent(one.adjacent, 1),
        number(one.kappa),
        cell(number(one.qwk), one.qwk, QWK),
        cell(number(one.correlation), one.correlation, CORRELATION),
        number(one.r2),
        number(one.rmse),
    ]


def _word_table(item: ItemFigures) -> Table:
    header = ["scores by", "N", "exact", "kappa", "macro F1"]
    rows = [
        [one.name, str(one.given.responses), percent(one.given.exact, 1), number(one.given.kappa),
         number(one.given.macro_f1)]
        for one in item.machines
    ]  # fmt: skip
    return table("How classes agree", header, rows)


def _second_rater(item: ItemFigures) -> Iterator[Block]:
    people = item.people
    if people is None:
        yield Text("No test response has a second score, so nothing can be said of this.")
        return
    twice = f"{people.responses} of {item.responses} responses have a second score."
    if not item.numeric:
        yield Text(f"{twice} Two people agree on {percent(people.exact, 1)} of them.")
        return
    yield Text(twice)
    header = ["N", "first: mean", "sd", "second: mean", "sd", "SMD", "exact", "adjacent"]
    header += ["kappa", "QWK", "correlation"]
    first, second = people.reference, people.machine
    row = [str(people.responses), *(number(one) for one in (first.mean, first.sd))]
    row += [number(one) for one in (second.mean, second.sd)]
    exact = cell(percent(people.exact, 1), people.exact, PEOPLE_EXACT)
    near = cell(percent(people.adjacent, 1), people.adjacent, PEOPLE_ADJACENT)
    cells = [*row, _smd(people), exact, near, *_agreement_cells(people)[2:5]]
    yield table("Two people", header, [cells])
    yield _degradation_table(item)
    yield _true_score_table(item)


def _degradation_table(item: ItemFigures) -> Table:
    header = ["scores by", "score", "exact", "adjacent", "kappa", "QWK", "correlation"]
    rows = []
    for one in item.machines:
        for sort, lost in one.degradation.items():
            row: list[Cell | str] = [one.name, _SORT[sort]]
            for share in (lost.exact, lost.adjacent):
                row.append("" if share is None else f"{signed(share * 100, 1)} points")
            row.append(signed(lost.kappa))
            row += [cell(signed(one_), one_, DEGRADATION) for one_ in (lost.qwk, lost.correlation)]
            rows.append(row)
    return table("Degradation: a machine in the place of the second rater", header, rows)


def _true_score_table(item: ItemFigures) -> Table:
    header = ["scores by", "score", "disattenuated correlation", "PRMSE", "true-score MSE"]
    rows = []
    for one in item.machines:
        for sort, true in one.true_scores.items():
            values = (one.disattenuated[sort], true.prmse, true.mse)
            rows.append([one.name, _SORT[sort], *(number(value, 3) for value in values)])
    return table("Without the raters' own error", header, rows)


def _against_teacher(item: ItemFigures) -> Table:
    header = ["student on a device against", "same score", "adjacent", "kappa", "QWK"]
    pairs = ((TEACHER, item.with_teacher), (item.student.name, item.with_student))
    rows = [
        [name, percent(one.exact, 1), percent(one.adjacent, 1), number(one.kappa), number(one.qwk)]
        for name, one in pairs
    ]
    if not item.numeric:
        header, rows = (header[:2] + header[3:4], [row[:2] + row[3:4] for row in rows])
    return table(f"Does the {BUNDLE} do as its teacher does?", header, rows)


def _group_table(item: ItemFigures) -> Table:
    header = ["group", "N", "people: mean", "student: mean", "student: DSM", "of expected scores"]
    header += ["exact", "QWK", "teacher: DSM", "QWK"]
    rows = []
    for ours, teachers in zip(item.bundle.groups, item.teacher.groups, strict=True):
        row: list[Cell | str] = [ours.name, str(ours.responses)]
        row += [number(ours.human_mean), number(ours.machine_mean), _dsm(ours.dsm.get(GIVEN))]
        row += [_dsm(ours.dsm.get(TRIMMED)), percent(ours.exact, 1)]
        row += [cell(number(ours.qwk), ours.qwk, QWK), _dsm(teachers.dsm.get(GIVEN))]
        rows.append([*row, cell(number(teachers.qwk), teachers.qwk, QWK)])
    if not item.numeric:
        keep = (0, 1, 6)
        header, rows = [header[at] for at in keep], [[row[at] for at in keep] for row in rows]
    return table("By group, against people's scores", header, rows)


def _dsm(value: float | None) -> Cell:
    return cell(signed(value), value, DSM)


def _worst(item: ItemFigures, worst: Disagreements) -> Iterator[Block]:
    yield Heading("Worst disagreements")
    yield Text(
        "Students' words: keep this page where the responses are kept, or make it with "
        "--no-responses to show it to others.",
        "note",
    )
    if worst.furthest:
        yield Responses("Furthest from people's scores", worst.furthest)
    if worst.surest:
        yield Responses("Surest and not people's score", worst.surest)
    if worst.teacher:
        yield Responses("Furthest from its teacher", worst.teacher)
    if not (worst.furthest or worst.surest or worst.teacher):
        yield Text(f"None: all {item.responses} scores are those of people and teacher.")
