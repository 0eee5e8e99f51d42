"""The figures in sentences, for readers who decide whether to use a small model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scipy.stats import binomtest

from kd_edge.evaluation.agreement import HUMANS, MAJORITY, ON_DEVICE, TEACHER
from kd_edge.evaluation.rsmtool import GIVEN, RAW, Comparison
from kd_edge.report.figures import limits
from kd_edge.report.figures.items import ItemFigures, Together
from kd_edge.report.page.numbers import number, percent, signed

# Differences in exact agreement that the headline does not mention, or calls small.
_NONE, _SMALL = 0.01, 0.03

# Responses below which a difference of standardized means is often outside its limits by chance.
_FEW = 50

_Figures = Comparison | Together

REVIEW_SHARE = 0.2
"""The share of responses sent to a person in the advice on review."""

SAMPLES = (
    "These are the sample items of kd-edge. Their responses, people's scores and second raters "
    "are invented: the figures show what a report looks like, not how well students or people "
    "score. The second raters are left out, because their agreement was chosen, not measured."
)
"""Shown above the figures of sample items."""


def headline(item: ItemFigures) -> str:
    """How often the small model agrees with people, beside the large model and second rater."""
    small, large = item.bundle.given, item.teacher.given
    comparison = _as_often(large.exact_agreement - small.exact_agreement)
    text = f"The small model on a device agrees with people's scores {comparison} the large "
    text += f"model: {percent(small.exact)} of its scores are the same, against "
    text += f"{percent(large.exact)} of the large model's"
    return text + _beside(small, large, item.people, "QWK") + "."


def measured_on(item: ItemFigures) -> str:
    """How precise the headline is: Wilson's interval (1927) with a confidence of 95%."""
    right = round(item.bundle.given.exact_agreement * item.responses)
    low, high = binomtest(right, item.responses).proportion_ci(0.95, method="wilson")
    rows = f" ({item.test_rows})" if item.test_rows else ""
    return (
        f"Measured on {item.responses} responses that no model was trained on{rows}. On other "
        f"responses of this kind, expect an agreement between {percent(low)} and {percent(high)} "
        "(95% confidence interval)."
    )


def review_advice(item: ItemFigures) -> str:
    """The agreement when the least confident responses go to a person."""
    confidence = item.bundle.sureness
    return (
        f"If the least confident {percent(REVIEW_SHARE)} of the responses go to a person, "
        f"{percent(confidence.at(REVIEW_SHARE))} of the other scores equal people's, instead of "
        f"{percent(confidence.at(0.0))} without review."
    )


def calibration_note(item: ItemFigures) -> str:
    """The calibration error, beside the error that chance alone causes."""
    confidence = item.bundle.sureness
    return (
        f"On average, the small model's confidence differs by {number(confidence.error, 3)} from "
        f"its actual agreement with people (expected calibration error). With {item.responses} "
        f"responses, chance alone causes a difference of {number(confidence.chance.mean, 3)}, and "
        f"in one case of twenty more than {number(confidence.chance.most, 3)}."
    )


def flagged_advice(item: ItemFigures) -> str:
    """How many responses the device flags for a person; "" for none."""
    if not item.flagged:
        return ""
    reasons = ", ".join(f"'{reason}' {count}" for reason, count in item.flagged.items())
    total = sum(item.flagged.values())
    text = f"The device flagged {total} of {item.responses} responses for a person ({reasons})"
    if item.unflagged_exact is None:
        return text + "."
    return f"{text}; {percent(item.unflagged_exact)} of the other scores equal people's."


def warnings(item: ItemFigures) -> tuple[str, ...]:
    """A sentence for every figure of small model and people that is outside its limits."""
    return (*_of_agreement(item), *_of_severity(item), *_of_groups(item), *_of_people(item))


def outside(warnings: Sequence[str]) -> str:
    """The sentence above the list of warnings."""
    if not warnings:
        return "No figure of the small model is outside the limits that testing programmes use."
    return f"{_are_outside(len(warnings))}:"


def between(item: ItemFigures) -> str:
    """Why some scores are not the most probable ones; "" where all are."""
    if not item.between:
        return ""
    return (
        f"{item.between} of the {item.responses} scores are not the most probable one but the one "
        "nearest to the expected score, the average of what is probable: 1, where 0 and 2 are both "
        "likely. On held-out responses this agreed better with people. The confidence of such a "
        "score is the chance that it is right, and therefore low."
    )


def pointer(outside: int) -> str:
    """The sentence on a terminal that leads to the warnings of a page; "" for none."""
    return f"{_are_outside(outside)}: see the report." if outside else ""


def _are_outside(outside: int) -> str:
    count = "One figure is" if outside == 1 else f"{outside} figures are"
    return f"{count} outside the limits that testing programmes use"


def headline_of_all(lines: Sequence[Together], items: int) -> str:
    """The `headline` of several items."""
    by_name = {line.name: line for line in lines}
    small, large, people = by_name[ON_DEVICE], by_name[TEACHER], by_name.get(HUMANS)
    text = (
        f"Over {items} items, the small models on a device agree with people's scores "
        f"{_as_often(large.exact - small.exact)} the large models: {percent(small.exact)} of the "
        f"scores are the same on average, against {percent(large.exact)} of the large models'"
    )
    worst = "" if small.qwk is None else f"; {number(small.lowest_qwk)} on the worst item"
    return text + _beside(small, large, people, "Mean QWK") + worst + "."


def _beside(small: _Figures, large: _Figures, people: _Figures | None, qwk: str) -> str:
    """The second rater's exact agreement, and the QWK of all where scores are points."""
    text = f" and {percent(people.exact)} of a second rater's" if people else ""
    if small.qwk is not None:
        text += f". {qwk} {number(small.qwk)} against {number(large.qwk)}"
        text += f"; second rater {number(people.qwk)}" if people else ""
    return text


def _as_often(less: float) -> str:
    if less < -_NONE:
        return "more often than"
    if less <= _NONE:
        return "as often as"
    return "nearly as often as" if less <= _SMALL else "less often than"


def _outside(limit: limits.Limit, value: float | None) -> float | None:
    """The value where it is outside the limit, else None."""
    return value if limit.broken(value) else None


def _of_agreement(item: ItemFigures) -> Iterator[str]:
    given = item.bundle.given
    majority = item.baselines.get(MAJORITY)
    if majority and given.exact_agreement <= majority.exact:
        yield (
            "The small model agrees with people no more often than if it always gave the most "
            f"frequent score ({percent(majority.exact)}): it is of no use."
        )
    if (qwk := _outside(limits.QWK, given.qwk)) is not None:
        yield (
            f"QWK is {number(qwk)} ({limits.QWK} is expected): the small model differs from "
            "people's scores too often or by too much."
        )
    if (correlation := _outside(limits.CORRELATION, item.bundle.expected.correlation)) is not None:
        yield (
            f"The correlation with people's scores is {number(correlation)} ({limits.CORRELATION} "
            "is expected): the small model does not rank the responses well enough."
        )
    degradation = item.bundle.degradation
    for name, lost in (
        ("QWK", degradation[GIVEN].qwk if GIVEN in degradation else None),
        ("The correlation", degradation[RAW].correlation if RAW in degradation else None),
    ):
        if (change := _outside(limits.DEGRADATION, lost)) is not None:
            yield (
                f"{name} is {number(-change)} below that of two people (at most 0.10 is accepted): "
                "a second person would agree clearly better."
            )


def _of_severity(item: ItemFigures) -> Iterator[str]:
    if (smd := _outside(limits.SMD, item.bundle.given.smd)) is not None:
        severity, side = _severity(smd, item), "above" if smd > 0 else "below"
        yield (
            f"The small model is {severity} than people: its mean score is {number(abs(smd))} "
            f"standard deviations {side} theirs (SMD {limits.SMD} is accepted)."
        )
    for name, model, people in zip(
        item.classes, item.bundle.shares, item.human_shares, strict=True
    ):
        if limits.SHARE.broken(model - people):
            often = "more" if model > people else "less"
            yield (
                f"It gives '{name}' {often} often than people: {percent(model)} of the responses "
                f"against {percent(people)} (more than 5 points apart)."
            )


def _severity(difference: float, item: ItemFigures) -> str:
    return "more generous" if (difference > 0) != item.lower_is_better else "stricter"


def _of_groups(item: ItemFigures) -> Iterator[str]:
    for group in item.bundle.groups:
        if (dsm := _outside(limits.DSM, group.dsm.get(GIVEN))) is not None:
            severity = _severity(dsm, item)
            yield (
                f"Group '{group.name}' ({group.responses} responses): {severity} than people, "
                f"compared with all students (DSM {signed(dsm)}, {limits.DSM} is accepted)"
                + ("; with so few it may be chance." if group.responses < _FEW else ".")
            )


def _of_people(item: ItemFigures) -> Iterator[str]:
    people = item.people
    if people is None:
        return
    for limit, value, figure, form in (
        (limits.PEOPLE_EXACT, people.exact, "the same score", percent),
        (limits.PEOPLE_ADJACENT, people.adjacent, "the same score or neighbouring ones", percent),
        (limits.QWK, people.qwk, "a QWK", number),
    ):
        if limit.broken(value):
            yield (
                f"Two people have {figure} of {form(value)} ({limit} is expected): where people "
                "disagree this much, no model can be judged well by their scores."
            )
