"""What makes a training doubtful."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kd_edge.data.responses import Scale
from kd_edge.training.doubts import (
    CUT,
    FEW,
    RARE,
    Doubt,
    cut_doubts,
    guesses,
    guessing,
    not_helped,
    row_doubts,
    say_doubts,
)
from workshop import item_of

ROWS = item_of(60).rows  # 20 of each score, 0 to 2


def test_enough_of_every_score_is_no_doubt():
    assert row_doubts("x", Scale.from_range(0, 2), ROWS, ROWS[:20]) == ()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS, "no response to learn from has the score 3:"),
        ([*ROWS, replace(ROWS[0], score=3)], "only one response to learn from has the score 3:"),
        (ROWS[:2], "no response to learn from has the scores 2, 3:"),
        (ROWS[:2], "only one response to learn from each has the scores 0, 1:"),
    ],
)
def test_a_score_with_no_or_one_example(rows, said):
    found = row_doubts("x", Scale.from_range(0, 3), rows, ROWS[:20])
    assert {one.kind for one in found} == {RARE}
    assert any(str(one).startswith(f"item 'x': {said}") for one in found)


def test_many_rare_scores_are_not_all_listed():
    (found,) = row_doubts("x", Scale.from_range(0, 100), ROWS, ROWS[:20])
    assert "the scores 3, 4, 5, 6, 7 and 93 more" in found.message


@pytest.mark.parametrize(("held_out", "doubtful"), [(19, True), (20, False), (1, True)])
def test_few_held_out_responses(held_out, doubtful):
    found = row_doubts("", Scale.from_range(0, 2), ROWS, ROWS[:held_out])
    assert [one.kind for one in found] == [FEW] * doubtful
    if doubtful:
        counted = "1 response held out" if held_out == 1 else "19 responses held out"
        assert f"all items together: only {counted} to choose by" in str(found[0])


def test_responses_that_are_longer_than_what_is_read():
    assert cut_doubts("x", [3, 192], 192) == ()
    (found,) = cut_doubts("x", [3, 192, 193, 500, 300], 192)
    assert (found.kind, found.item_id) == (CUT, "x")
    assert "the end of 3 of 5 responses" in found.message
    assert "up to 500, half of them 300 or more" in found.message


@pytest.mark.parametrize(
    ("accuracy", "qwk", "majority", "guess"),
    [
        (0.5, 0.0, 0.4, False),
        (0.4, 0.1, 0.4, True),
        (0.4, 0.2, 0.4, False),
        (0.4, None, 0.4, True),
        (1.0, 0.0, 1.0, False),
    ],
)
def test_a_guess(accuracy, qwk, majority, guess):
    assert guesses(accuracy, qwk, majority) == guess


def test_what_is_said(capsys):
    say_doubts([Doubt("x", CUT, "it is long"), guessing("", "figures")])
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "Warning: item 'x': it is long."
    assert said[1].startswith("Warning: all items together: the small model is no better")
    assert "(QWK 0.400, 0.500)" in str(not_helped("x", "QWK", 0.4, 0.5))
