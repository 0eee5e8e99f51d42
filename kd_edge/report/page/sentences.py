"""What the figures mean, in words for whoever must decide whether to trust a student."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scipy.stats import binomtest

from kd_edge.evaluation.agreement import MAJORITY
from kd_edge.evaluation.rsmtool import GIVEN, RAW
from kd_edge.report.figures.items import BUNDLE, PEOPLE, TEACHER, ItemFigures, Together
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
from kd_edge.report.page.numbers import number, percent, signed

# Differences of exact agreement that a reader may take for none, and for little.
_SAME, _LITTLE = 0.01, 0.03

# Groups in which a difference of standardized means often leaves its limits by chance.
_FEW = 50

REVIEW_SHARE = 0.2
"""The share sent to a person that the headline speaks of."""


def headline(item: ItemFigures) -> str:
    """How often the student agrees with people, beside its teacher and the second rater."""
    less = item.teacher.given.exact - item.bundle.given.exact
    said = f"The student on a device agrees with people {_as_often(less)} its teacher: "
    said += f"{percent(item.bundle.given.exact)} of its scores are the same as theirs, against "
    said += f"{percent(item.teacher.given.exact)} of the teacher's"
    if item.people:
        said += f" and {percent(item.people.exact)} of a second rater's"
    if item.numeric:
        said += f". QWK {number(item.bundle.given.qwk)} against {number(item.teacher.given.qwk)}"
        if item.people:
            said += f"; second rater {number(item.people.qwk)}"
    return said + "."


def how_sure(item: ItemFigures) -> str:
    """How far the headline's figure can be trusted: Wilson's interval (1927)."""
    right = round(item.bundle.given.exact * item.responses)
    low, high = binomtest(right, item.responses).proportion_ci(0.95, method="wilson")
    return (
        f"Measured on {item.responses} responses that it did not learn from"
        + (f" ({item.test_rows})" if item.test_rows else "")
        + f". On other such responses the agreement may well be anything from {percent(low)} to "
        f"{percent(high)}."
    )


def review_advice(item: ItemFigures) -> str:
    """What is gained by sending the least sure responses to a person."""
    sure = item.bundle.sureness
    return (
        f"If the {percent(REVIEW_SHARE)} of which it is least sure go to a person, "
        f"{percent(sure.at(REVIEW_SHARE))} of the rest agree with people, instead of "
        f"{percent(sure.at(0.0))} of all."
    )


def calibration_said(item: ItemFigures) -> str:
    """What the calibration error is worth on so few responses."""
    sure = item.bundle.sureness
    return (
        f"Its confidence is off by {number(sure.error, 3)} on average (expected calibration "
        f"error). Of {item.responses} responses, {number(sure.chance, 3)} would come of chance "
        "alone, were every confidence exactly right."
    )


def flagged_advice(item: ItemFigures) -> str:
    """How many responses the device marks for a person as the bundle is set; "" for none."""
    if not item.flagged:
        return ""
    why = ", ".join(f"'{reason}' {count}" for reason, count in item.flagged.items())
    total = sum(item.flagged.values())
    said = f"The device itself marked {total} of {item.responses} for a person ({why})"
    if item.unflagged_exact is None:
        return said + "."
    return f"{said}; {percent(item.unflagged_exact)} of the others agree with people."


def warnings(item: ItemFigures) -> tuple[str, ...]:
    """Every figure of the student on a device, and of people, that leaves its limits."""
    return (*_of_agreement(item), *_of_severity(item), *_of_groups(item), *_of_people(item))


def verdict(found: Sequence[str]) -> str:
    """What stands above the list of warnings."""
    if not found:
        return (
            "No figure of the student leaves the limits that testing programmes use. That is no "
            "leave to score without people: look at the worst disagreements below."
        )
    one = "One figure leaves" if len(found) == 1 else f"{len(found)} figures leave"
    return f"{one} the limits that testing programmes use:"


def headline_of_all(lines: Sequence[Together], items: int) -> str:
    """As `headline`, over several items."""
    found = {line.name: line for line in lines}
    student, teacher, people = found[BUNDLE], found[TEACHER], found.get(PEOPLE)
    said = (
        f"Over {items} items the students on a device agree with people "
        f"{_as_often(teacher.exact - student.exact)} their teachers: {percent(student.exact)} "
        f"of the scores are the same on average, against {percent(teacher.exact)} of the teachers'"
    )
    if people:
        said += f" and {percent(people.exact)} of a second rater's"
    if student.qwk is not None:
        said += f". Mean QWK {number(student.qwk)} against {number(teacher.qwk)}"
        if people:
            said += f"; second rater {number(people.qwk)}"
        said += f"; {number(student.lowest_qwk)} on the worst item"
    return said + "."


def _as_often(less: float) -> str:
    if less < -_SAME:
        return "more often than"
    if less <= _SAME:
        return "as often as"
    return "nearly as often as" if less <= _LITTLE else "less often than"


def _of_agreement(item: ItemFigures) -> Iterator[str]:
    given, expected = item.bundle.given, item.bundle.expected
    always = item.baselines.get(MAJORITY)
    if always and given.exact <= always.exact:
        yield (
            f"It agrees with people no more often than a score that is always the same "
            f"({percent(always.exact)}): nothing is gained by it."
        )
    if QWK.broken(given.qwk):
        yield (
            f"QWK is {number(given.qwk)} ({QWK.said} is asked for): the student too often misses "
            "people's scores, or misses them by far."
        )
    if CORRELATION.broken(expected.correlation):
        yield (
            f"The correlation with people is {number(expected.correlation)} ({CORRELATION.said} is "
            "asked for): it does not rank responses well enough as people do."
        )
    lost = item.bundle.degradation.get(GIVEN)
    if lost and DEGRADATION.broken(lost.qwk):
        yield (
            f"QWK is {number(-lost.qwk)} below that of two people (0.10 is the most "
            "accepted): a second person would agree clearly better."
        )
    lost = item.bundle.degradation.get(RAW)
    if lost and DEGRADATION.broken(lost.correlation):
        yield (
            f"The correlation is {number(-lost.correlation)} below that of two people "
            "(0.10 is the most accepted)."
        )


def _of_severity(item: ItemFigures) -> Iterator[str]:
    smd = item.bundle.given.smd
    if SMD.broken(smd):
        kinder = "kinder" if smd > 0 else "stricter"
        yield (
            f"The student is {kinder} than people: its mean score is {number(abs(smd))} standard "
            f"deviations {'above' if smd > 0 else 'below'} theirs (SMD {SMD.said})."
        )
    pairs = zip(item.classes, item.bundle.shares, item.human_shares, strict=True)
    for name, machine, human in pairs:
        if SHARE.broken(machine - human):
            often = "more" if machine > human else "less"
            yield (
                f"It gives '{name}' {often} often than people: {percent(machine)} of the responses "
                f"against {percent(human)} (more than 5 points apart)."
            )


def _of_groups(item: ItemFigures) -> Iterator[str]:
    for group in item.bundle.groups:
        dsm = group.dsm.get(GIVEN)
        if DSM.broken(dsm):
            kinder = "kinder" if dsm > 0 else "stricter"
            yield (
                f"Group '{group.name}' ({group.responses} responses): {kinder} than people, "
                f"compared with all students (DSM {signed(dsm)}, {DSM.said} is accepted)"
                + ("; in so few it may be chance." if group.responses < _FEW else ".")
            )


def _of_people(item: ItemFigures) -> Iterator[str]:
    people = item.people
    if people is None:
        return
    for limit, value, name, said in (
        (PEOPLE_EXACT, people.exact, "the same score", percent(people.exact)),
        (PEOPLE_ADJACENT, people.adjacent, "scores within a point", percent(people.adjacent)),
        (QWK, people.qwk, "a QWK", number(people.qwk)),
    ):
        if limit.broken(value):
            yield (
                f"Two people have {name} of {said} ({limit.said} is asked for): where people "
                "disagree so, no scorer can be held against them well."
            )
