"""What figures are said to mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scipy.stats import binomtest

from kd_edge.evaluation.agreement import MAJORITY
from kd_edge.evaluation.rsmtool import GIVEN, RAW, ScoreSpread
from kd_edge.report.figures.groups import Group
from kd_edge.report.figures.items import Baseline, item_figures, together
from kd_edge.report.figures.raters import Degradation
from kd_edge.report.page import sentences
from scored_made import POINTS, WORDS, made_scored

SCORED = made_scored(400, noise=0.4)
ITEM = item_figures("one", POINTS, SCORED, "test.csv")
NO_LOSS = Degradation(0.0, 0.0, 0.0, 0.0, 0.0)


def with_given(item=ITEM, **figures):
    """The item with other figures of what the student gives out."""
    found = {**item.bundle.against_people, GIVEN: replace(item.bundle.given, **figures)}
    return replace(item, bundle=replace(item.bundle, against_people=found))


def fine():
    """An item without any figure outside its limits."""
    item = with_given(qwk=0.9, smd=0.0, exact=0.8)
    expected = replace(item.bundle.expected, correlation=0.9)
    bundle = replace(
        item.bundle,
        against_people={**item.bundle.against_people, RAW: expected},
        degradation={GIVEN: NO_LOSS, RAW: NO_LOSS},
        shares=item.human_shares,
        groups=(),
    )
    people = replace(item.people, exact=0.9, adjacent=0.99, qwk=0.95)
    return replace(item, bundle=bundle, people=people)


def one_warning(item):
    (said,) = sentences.warnings(item)
    return said


def test_the_headline_has_the_figures():
    item = with_given(exact=0.684, qwk=0.8168)
    teacher = {GIVEN: replace(item.teacher.given, exact=0.764, qwk=0.855)}
    item = replace(item, teacher=replace(item.teacher, against_people=teacher))
    item = replace(item, people=replace(item.people, exact=0.9, qwk=0.94))
    assert sentences.headline(item) == (
        "The small model on a device agrees with people's scores less often than the large model: "
        "68% of its scores are the same, against 76% of the large model's and 90% of a second "
        "rater's. QWK 0.82 against 0.85; second rater 0.94."
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (0.05, " more often than the large model"),
        (0.005, " as often as the large model"),
        (-0.005, " as often as the large model"),
        (-0.02, " nearly as often as the large model"),
        (-0.05, " less often than the large model"),
    ],
)
def test_as_often_as_the_teacher(more, said):
    item = with_given(exact=ITEM.teacher.given.exact + more)
    assert f"agrees with people's scores{said}:" in sentences.headline(item)


def test_the_headline_without_a_second_rater_and_over_words():
    alone = item_figures("one", POINTS, made_scored(second=False))
    assert "second rater" not in sentences.headline(alone)
    assert "QWK" in sentences.headline(alone)
    found = sentences.headline(item_figures("one", WORDS, made_scored(scale=WORDS)))
    assert "QWK" not in found
    assert "second rater's." in found


def test_how_sure_the_figure_is():
    # Of so few that Wilson's interval is not that of others.
    item = with_given(replace(ITEM, responses=10), exact=0.8)
    low, high = binomtest(8, 10).proportion_ci(0.95, method="wilson")
    said = sentences.measured_on(item)
    assert f"between {low * 100:.0f}% and {high * 100:.0f}%" in said
    assert "10 responses" in said
    assert "(test.csv)" in said


def test_review_and_flags():
    said = sentences.review_advice(ITEM)
    assert f"{ITEM.bundle.sureness.at(0.2) * 100:.0f}% of the other scores" in said
    sure = ITEM.bundle.sureness
    said = sentences.calibration_note(ITEM)
    assert f"confidence differs by {sure.error:.3f} from" in said
    assert (
        f"With {ITEM.responses} responses, chance alone causes a difference of "
        f"{sure.chance.mean:.3f}, and in one case of twenty more than {sure.chance.most:.3f}."
        in said
    )
    assert sentences.flagged_advice(replace(ITEM, flagged={})) == ""
    flagged = replace(ITEM, flagged={"empty": 1, "review": 39}, unflagged_exact=0.75)
    assert sentences.flagged_advice(flagged) == (
        "The device flagged 40 of 400 responses for a person ('empty' 1, 'review' 39); 75% of the "
        "other scores equal people's."
    )
    assert sentences.flagged_advice(replace(flagged, unflagged_exact=None)).endswith(
        "'review' 39)."
    )


def test_nothing_to_warn_of():
    assert sentences.warnings(fine()) == ()
    assert "No figure" in sentences.outside(())
    assert sentences.outside(("x",)).startswith("One figure is outside")
    assert sentences.outside(("x", "y")).startswith("2 figures are outside")
    assert sentences.pointer(0) == ""
    assert sentences.pointer(2) == (
        "2 figures are outside the limits that testing programmes use: see the report."
    )


def test_no_second_rater_no_warning_of_it():
    item = replace(fine(), people=None)
    item = replace(item, bundle=replace(item.bundle, degradation={}))
    assert sentences.warnings(item) == ()


def test_no_better_than_always_the_same_score():
    item = with_given(fine(), exact=0.5)
    above, below = (
        replace(item, baselines={MAJORITY: Baseline(exact, None, None)}) for exact in (0.5, 0.499)
    )
    assert "no more often than if it always gave" in one_warning(above)
    assert sentences.warnings(below) == ()


def test_agreement_too_low():
    assert "QWK is 0.69 (0.70 or more" in one_warning(with_given(fine(), qwk=0.69))
    item = fine()
    low = replace(item.bundle.expected, correlation=0.6)
    found = {**item.bundle.against_people, RAW: low}
    item = replace(item, bundle=replace(item.bundle, against_people=found))
    assert "correlation with people's scores is 0.60" in one_warning(item)


@pytest.mark.parametrize(("figure", "sort"), [("qwk", GIVEN), ("correlation", RAW)])
def test_degradation(figure, sort):
    item = fine()
    for lost, warned in ((-0.09, 0), (-0.12, 1)):
        found = {**item.bundle.degradation, sort: replace(NO_LOSS, **{figure: lost})}
        made = replace(item, bundle=replace(item.bundle, degradation=found))
        assert len(sentences.warnings(made)) == warned
    assert "0.12 below that of two people" in one_warning(made)


@pytest.mark.parametrize(
    ("smd", "said"),
    [(0.2, ("more generous than people", "0.20 standard deviations above")),
     (-0.2, ("stricter than people", "0.20 standard deviations below"))],
)  # fmt: skip
def test_severity(smd, said):
    assert all(part in one_warning(with_given(fine(), smd=smd)) for part in said)
    assert sentences.warnings(with_given(fine(), smd=smd / 2)) == ()


def test_severity_where_the_least_is_the_best():
    grades = replace(with_given(fine(), smd=0.2), classes=("6", "5", "4", "3"))
    assert "stricter than people" in one_warning(grades)


def test_shares():
    item = fine()
    more = (item.human_shares[0] + 0.06, *item.human_shares[1:])
    item = replace(item, bundle=replace(item.bundle, shares=more))
    assert "It gives '0' more often than people" in one_warning(item)


@pytest.mark.parametrize(("responses", "end"), [(49, "may be chance."), (50, "accepted).")])
def test_groups(responses, end):
    item = fine()
    group = Group("night school", responses, 1.0, 1.1, {GIVEN: -0.11}, 0.7, 0.8)
    item = replace(item, bundle=replace(item.bundle, groups=(group,)))
    said = one_warning(item)
    assert said.startswith(f"Group 'night school' ({responses} responses): stricter")
    assert said.endswith(end)


@pytest.mark.parametrize("figures", [{"exact": 0.49}, {"adjacent": 0.94}, {"qwk": 0.69}])
def test_people_who_disagree(figures):
    item = fine()
    item = replace(item, people=replace(item.people, **figures))
    assert one_warning(item).startswith("Two people have ")


def test_over_all_items():
    other = made_scored(40, WORDS)
    items = [ITEM, item_figures("two", WORDS, other)]
    lines = together(items, [SCORED, other])
    said = sentences.headline_of_all(lines, 2)
    assert said.startswith("Over 2 items, the small models on a device agree with people's scores ")
    assert " often as the large models: " in said
    kappa = ITEM.bundle.given.qwk
    assert f"Mean QWK {kappa:.2f} against" in said
    assert said.endswith(f"{kappa:.2f} on the worst item.")
    only_words = together(items[1:] * 2, [other, other])
    assert "QWK" not in sentences.headline_of_all(only_words, 2)
    assert isinstance(ITEM.bundle.given.reference, ScoreSpread)
