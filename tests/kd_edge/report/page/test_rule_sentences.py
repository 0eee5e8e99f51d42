"""The verdict and its rules in sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kd_edge.report.figures import verdict as rules
from kd_edge.report.figures.items import item_figures
from kd_edge.report.figures.verdict import Check, Verdict
from kd_edge.report.page import rule_sentences
from scored_made import POINTS, WORDS, made_scored

ITEM = item_figures("one", POINTS, made_scored())
ITEM = replace(ITEM, unseen=replace(ITEM.unseen, responses=60, right=45))
NOTHING = Verdict(rules.REVIEW, (), ())


def said(*check, item=ITEM, kind=rules.REVIEW):
    return rule_sentences.sentence(Check(*check), item, Verdict(kind, (), ()))


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (
            (rules.GUESS, True, 0.76, 0.34),
            "76% of its scores equal people's; always giving the most frequent score, 34% would.",
        ),
        ((rules.TESTED, True, 70, 50), "It was tested on 70 responses (50 are needed)."),
        (
            (rules.WORTH, True, 0.34, 0.5),
            "34% of the responses are flagged for a person (at most 50%).",
        ),
        (
            (rules.EXACT, True, 0.66, 0.7),
            "Of the scores that nobody looks at, 75% equal people's; of other responses at least "
            "66%, with nine chances in ten (70% are needed).",
        ),
        (
            (rules.BEYOND_CHANCE, True, 0.95, 0.7),
            "Agreement of the marks with people's, beyond chance (QWK), is 0.95 (0.70 is needed).",
        ),
        (
            (rules.NEAR, True, 0.99, 0.95),
            "99% of the marks are people's or the next one (95% are needed).",
        ),
        (
            (rules.SEVERITY, False, 0.25, 0.15),
            "On average the marks are 0.25 standard deviations more generous than people's (at "
            "most 0.15).",
        ),
        (
            (rules.SECOND, False, -0.12, -0.1),
            "Agreement of the marks is 0.12 below that of two people (at most 0.10 below is "
            "accepted).",
        ),
        (
            (rules.GROUPS, False, -0.2, 0.1, "night school"),
            "Group 'night school': the marks are 0.20 standard deviations stricter than people's, "
            "beside all students (at most 0.10).",
        ),
        ((rules.SEVERITY, True, None, 0.15), "It cannot be said whether this holds: severity."),
    ],
)
def test_with_review(check, sentence):
    assert said(*check) == sentence


def test_alone():
    assert said(rules.EXACT, True, 0.85, 0.8, kind=rules.USE).startswith(
        f"Of all scores, {100 * ITEM.bundle.given.exact:.0f}% equal people's"
    )
    assert "of its scores are people's" in said(rules.NEAR, True, 0.99, 0.95, kind=rules.USE)


def test_other_scales():
    words = item_figures("one", WORDS, made_scored(scale=WORDS))
    assert "(kappa)" in said(rules.BEYOND_CHANCE, True, 0.7, 0.6, item=words)
    grades = replace(ITEM, classes=("6", "5", "4", "3"))
    assert "stricter" in said(rules.SEVERITY, False, 0.25, 0.15, item=grades)


def test_what_a_school_does():
    assert rule_sentences.meaning(ITEM, Verdict(rules.USE, (), ())).startswith("Its scores can")
    assert rule_sentences.meaning(ITEM, NOTHING) == (
        "People score the responses that it flags, about 25 of 100; its other scores can stand."
    )
    broken = Check(rules.TESTED, False, 40, 50)
    found = Verdict(rules.DONT, (), (Check(rules.WORTH, True, 0.1, 0.5), broken))
    assert rule_sentences.meaning(ITEM, found).endswith(
        "let people score this item. Measure it on more responses that people have scored."
    )


def test_why_not_without_review():
    few = Check(rules.TESTED, False, 70, 100)
    near = Check(rules.NEAR, False, 0.9, 0.95)
    found = Verdict(rules.REVIEW, (few, replace(few, holds=True), near), ())
    assert rule_sentences.beside_review(ITEM, found) == (
        "Why not without review: It was tested on 70 responses (100 are needed). 90% of its scores "
        "are people's or the next one (95% are needed)."
    )
    assert rule_sentences.beside_review(ITEM, replace(found, kind=rules.DONT)) == ""
    assert rule_sentences.beside_review(ITEM, NOTHING) == ""
