"""The first page: verdict, minutes saved, an example, and what it is about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kd_edge.report.figures import verdict as rules
from kd_edge.report.figures.disagreements import Disagreement
from kd_edge.report.figures.facts import RowFacts
from kd_edge.report.figures.items import item_figures
from kd_edge.report.figures.verdict import Check, Verdict
from kd_edge.report.page.blocks import Checks, Facts, Heading, ResponseList, Text, VerdictPanel
from kd_edge.report.page.verdict import answer, date, front_page, minutes
from report_made import FRONT
from scored_made import POINTS, made_scored

ITEM = item_figures("one", POINTS, made_scored(), "the rows marked 'test'")
ITEM = replace(ITEM, unseen=replace(ITEM.unseen, responses=60, right=45))
HOLDS, BROKEN = Check(rules.TESTED, True, 70, 50), Check(rules.NEAR, False, 0.9, 0.95)


def made(kind, *checks, front=FRONT):
    return list(front_page(ITEM, Verdict(kind, checks, checks), front))


def only(blocks, kind):
    (found,) = (block for block in blocks if isinstance(block, kind))
    return found


@pytest.mark.parametrize(
    ("kind", "style", "words", "saved"),
    [
        (rules.USE, "use", "Use it", "38 min"),
        (rules.REVIEW, "review", "Use it with review", "38 min"),
        (rules.DONT, "dont", "Don't use it", "0 min"),
    ],
)
def test_the_panel(kind, style, words, saved):
    panel = only(made(kind, BROKEN), VerdictPanel)
    assert (panel.style, panel.answer) == (style, words)
    assert [tile.figure for tile in panel.tiles] == ["75%", "25%", saved]
    assert ("30 seconds a response" in panel.tiles[2].text) == (kind != rules.DONT)


def test_minutes_by_the_seconds_of_a_response():
    assert minutes(ITEM, 60) == pytest.approx((25, 100))
    panel = only(made(rules.REVIEW, front=replace(FRONT, seconds=90)), VerdictPanel)
    assert panel.tiles[2].figure == "112 min"
    assert panel.tiles[2].text == (
        "of 150 minutes of marking are saved for every 100 responses, if a person takes 90 seconds "
        "a response"
    )


def test_broken_rules_come_first():
    rows = only(made(rules.DONT, HOLDS, BROKEN), Checks).rows
    assert [holds for holds, _ in rows] == [False, True]
    assert rows[1][1] == "It was tested on 70 responses (50 are needed)."


def test_an_example():
    shown = Disagreement("r7", "less algae", "1", "", "0", "0", 0.69)
    blocks = made(rules.USE, front=replace(FRONT, example=shown))
    (row,) = only(blocks, ResponseList).rows
    assert (row.text, row.response_id) == ("less algae", "r7")
    assert row.scores == "People gave 1, the small model 0 (69% sure), the large model 0."
    assert not any(isinstance(block, ResponseList) for block in made(rules.USE))
    titles = [block.text for block in made(rules.USE) if isinstance(block, Heading)]
    assert titles == ["Why", "What this is about"]


def test_what_it_is_about():
    facts = dict(only(made(rules.USE), Facts).rows)
    assert facts == {
        "The item": "A pond.\nWhat happens to the algae?",
        "Its scores": "0, 1, 2, 3",
        "Learnt from": "166 responses scored by people; 29 more set what it flags",
        "Measured on": "80 responses that no model was trained on (the rows marked 'test')",
        "Made on": f"29 November 2026, a bundle with SHA-256 {'5f' * 32}",
    }
    bare = replace(FRONT, rows=RowFacts(1200, 0, ()))
    facts = dict(only(made(rules.USE, front=bare), Facts).rows)
    assert facts["Learnt from"] == "1,200 responses scored by people"
    assert "The item" not in facts
    several = replace(FRONT, rows=RowFacts(1200, 0, (), teachers=3))
    facts = dict(only(made(rules.USE, front=several), Facts).rows)
    assert facts["Learnt from"] == (
        "1,200 responses scored by people and the mean of 3 large models' scores"
    )
    long = replace(FRONT, rows=RowFacts(1, 1, ("word " * 1000,)))
    assert len(dict(only(made(rules.USE, front=long), Facts).rows)["The item"]) < 1210


def test_a_note_below_the_rules():
    blocks = made(rules.USE, front=replace(FRONT, note="New questions."))
    assert Text("New questions.") in blocks


def test_the_answer_on_a_terminal():
    assert answer(ITEM).startswith("Don't use it. Its scores are not good enough")


@pytest.mark.parametrize(
    ("created", "day"), [("2026-03-01T00:00:00+00:00", "1 March 2026"), ("yesterday", "yesterday")]
)
def test_date(created, day):
    assert date(created) == day


def test_marks_are_explained():
    assert any(isinstance(b, Text) and b.text.startswith("Marks") for b in made(rules.REVIEW))
    assert not any(isinstance(b, Text) and b.text.startswith("Marks") for b in made(rules.USE))
