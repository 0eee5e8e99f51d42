"""The rules of the verdict at their edges."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

import kd_edge
from kd_edge.evaluation.agreement import MAJORITY
from kd_edge.evaluation.review import at_least
from kd_edge.evaluation.rsmtool import GIVEN
from kd_edge.report.figures import limits
from kd_edge.report.figures import verdict as rules
from kd_edge.report.figures.groups import Group
from kd_edge.report.figures.items import Baseline, item_figures
from kd_edge.report.figures.verdict import DONT, REVIEW, USE, verdict
from scored_made import POINTS, WORDS, made_scored

ITEM = item_figures("one", POINTS, made_scored(400, second=False, groups=()))
OVER_WORDS = item_figures("one", WORDS, made_scored(400, WORDS, second=False, groups=()))


def fine(item=ITEM, responses=400, right=0.9, unseen=300, unseen_right=290):
    """An item that may be used, or is far from it where other figures are given."""
    words = not item.numeric
    good = {"exact": right, "kappa": 0.9}
    good |= {} if words else {"adjacent": 0.99, "qwk": 0.9, "smd": 0.0}
    given = replace(item.bundle.given, **good)
    marks = replace(item.unseen.marks, **{**good, "exact": 0.95})
    return replace(
        item,
        responses=responses,
        bundle=replace(item.bundle, against_people={**item.bundle.against_people, GIVEN: given}),
        unseen=replace(item.unseen, responses=unseen, right=unseen_right, marks=marks),
        baselines={MAJORITY: Baseline(0.4, None, None)},
    )


def with_marks(item, **figures):
    """The item with other figures of the scores alone, and of the marks."""
    given = replace(item.bundle.given, **figures)
    bundle = replace(item.bundle, against_people={**item.bundle.against_people, GIVEN: given})
    marks = replace(item.unseen.marks, **figures)
    return replace(item, bundle=bundle, unseen=replace(item.unseen, marks=marks))


def broken(found):
    return [check.rule for check in found.checks if not check.holds]


def kinds(*items):
    return [verdict(item).kind for item in items]


@pytest.mark.parametrize("item", [ITEM, OVER_WORDS])
def test_all_rules_hold(item):
    found = verdict(fine(item))
    assert found.kind == USE
    assert found.checks == found.alone
    assert all(check.holds for check in (*found.alone, *found.with_review))


def test_test_responses():
    alone, few, fewer = (
        fine(responses=number, unseen=45, unseen_right=44) for number in (100, 99, 50)
    )
    none = fine(responses=49, unseen=45, unseen_right=44)
    found = [verdict(item) for item in (alone, few, fewer, none)]
    assert [check.holds for one in found for check in one.alone if check.rule == rules.TESTED] == [
        *(True, False, False, False)
    ]
    assert [
        check.holds for one in found for check in one.with_review if check.rule == rules.TESTED
    ] == [*(True, True, True, False)]
    assert kinds(fewer, none) == [REVIEW, DONT]


def test_exact_agreement_of_all_scores():
    """The least that gives `EXACT_ALONE` with nine chances in ten, and one response less."""
    least = next(right for right in range(400) if at_least(right, 400) >= rules.EXACT_ALONE)
    assert 320 < least < 340, "a little above eight in ten"
    assert kinds(fine(right=least / 400), fine(right=(least - 1) / 400)) == [USE, REVIEW]


def test_exact_agreement_of_the_scores_that_nobody_sees():
    least = next(right for right in range(300) if at_least(right, 300) >= rules.EXACT_UNSEEN)
    enough, less = (fine(right=0.5, unseen=300, unseen_right=right) for right in (least, least - 1))
    assert kinds(enough, less) == [REVIEW, DONT]
    assert broken(verdict(less)) == [rules.EXACT]


def test_most_goes_to_people():
    half, more = (fine(right=0.5, unseen=unseen, unseen_right=unseen) for unseen in (200, 199))
    assert kinds(half, more) == [REVIEW, DONT]
    assert broken(verdict(more)) == [rules.WORTH]


@pytest.mark.parametrize(
    ("figure", "good", "bad", "rule"),
    [
        ("qwk", limits.QWK.low, limits.QWK.low - 0.001, rules.BEYOND_CHANCE),
        ("adjacent", limits.PEOPLE_ADJACENT.low, limits.PEOPLE_ADJACENT.low - 0.001, rules.NEAR),
        ("smd", limits.SMD.high, limits.SMD.high + 0.001, rules.SEVERITY),
        ("smd", limits.SMD.low, limits.SMD.low - 0.001, rules.SEVERITY),
    ],
)
def test_limits_of_testing_programmes(figure, good, bad, rule):
    assert verdict(with_marks(fine(), **{figure: good})).kind == USE
    found = verdict(with_marks(fine(), **{figure: bad}))
    assert found.kind == DONT
    assert broken(found) == [rule]
    marks = replace(fine().unseen.marks, **{figure: good})
    of_scores = with_marks(fine(), **{figure: bad})
    reviewed = replace(of_scores, unseen=replace(of_scores.unseen, marks=marks))
    assert verdict(reviewed).kind == REVIEW, "people put it right"


def test_words_have_kappa():
    good, bad = (with_marks(fine(OVER_WORDS), kappa=kappa) for kappa in (0.6, 0.599))
    assert kinds(good, bad) == [USE, DONT]
    assert broken(verdict(bad)) == [rules.BEYOND_CHANCE]
    assert {check.rule for check in verdict(good).alone} == {
        *(rules.GUESS, rules.TESTED, rules.EXACT, rules.BEYOND_CHANCE)
    }


def test_a_second_person():
    people = replace(ITEM.bundle.given, qwk=0.95)
    good, bad = (replace(with_marks(fine(), qwk=qwk), people=people) for qwk in (0.8501, 0.849))
    assert kinds(good, bad) == [USE, DONT]
    assert broken(verdict(bad)) == [rules.SECOND]
    assert broken(verdict(bad.without_second_rater())) == []


@pytest.mark.parametrize(("responses", "kind"), [(50, DONT), (49, USE)])
def test_groups(responses, kind):
    group = Group("night school", responses, 1.0, 1.2, {GIVEN: 0.11}, 0.7, 0.8)
    item = fine()
    item = replace(item, bundle=replace(item.bundle, groups=(group,)))
    item = replace(item, unseen=replace(item.unseen, groups=(group,)))
    found = verdict(item)
    assert found.kind == kind
    assert [check.about for check in found.checks if not check.holds] == (
        ["night school"] if kind == DONT else []
    )


@pytest.mark.parametrize(
    ("exact", "qwk", "kind"), [(0.9, 0.2, DONT), (0.899, 0.9, USE), (0.9, 0.9, USE)]
)
def test_a_guess(exact, qwk, kind):
    item = replace(with_marks(fine(), qwk=qwk), baselines={MAJORITY: Baseline(exact, None, None)})
    assert verdict(item).kind == kind
    assert (rules.GUESS in broken(verdict(item))) == (kind == DONT)


def test_one_score_alone_is_no_guess():
    item = replace(fine(), baselines={MAJORITY: Baseline(1.0, None, None)})
    assert rules.GUESS not in {check.rule for check in verdict(item).alone}


def test_undefined_figures_break_no_rule():
    assert verdict(with_marks(fine(), qwk=None, smd=None, adjacent=None)).kind == USE


def test_nobody_looks_at_nothing():
    item = fine(unseen=0, unseen_right=0, right=0.5)
    assert broken(verdict(item)) == [rules.WORTH, rules.EXACT]


def test_as_json():
    found = json.loads(json.dumps(verdict(ITEM).as_json(), allow_nan=False))
    assert found["verdict"] in (USE, REVIEW, DONT)
    assert [check["rule"] for check in found["alone"]][:2] == [rules.TESTED, rules.EXACT]
    assert found["with review"][0] == asdict(verdict(ITEM).with_review[0])


def test_the_document_has_the_limits():
    document = (Path(kd_edge.__file__).parent / "README.md").read_text("utf-8")
    table = document.partition("| rule | use it | use it with review |")[2].partition("\n\n")[0]
    numbers = [line.split("|")[2:4] for line in table.splitlines() if line.startswith("| ")]
    said = " ".join(" ".join(cells) for cells in numbers)
    for value in (
        *(f"{rules.RESPONSES_ALONE}", f"{rules.RESPONSES}", f"{rules.EXACT_ALONE:.0%}"),
        *(f"{rules.EXACT_UNSEEN:.0%}", f"{rules.MOST_FLAGGED:.0%}", f"{rules.KAPPA:.2f}"),
        *(f"{limits.QWK.low:.2f}", f"{limits.SMD.high:.2f}", f"{limits.PEOPLE_ADJACENT.low:.0%}"),
        *(f"{limits.DSM.high:.2f}", f"{-limits.DEGRADATION.low:.2f}", f"{rules.GROUP}"),
    ):
        assert value in said, value


def test_the_verdict_of_figures():
    """From responses: everything right, or as good as chance."""
    scored = made_scored(400, second=False, groups=())
    right = replace(scored.bundle, predicted=scored.human, flags=("",) * 400)
    chance = np.random.default_rng(1).permutation(scored.human)
    wrong = replace(right, predicted=chance)
    found = [
        item_figures("one", POINTS, replace(scored, bundle=bundle)) for bundle in (right, wrong)
    ]
    assert kinds(*found) == [USE, DONT]
