"""Responses that are none: flagged by what the sample item's own responses are like."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import odd_responses
from kd_edge.data.readers import read_responses
from kd_edge.distillation.outliers import outlier_limits, prompt_codes
from kd_edge.students.bag import KIND, BagOptions
from kd_edge.students.base import TextSources
from kd_edge.teacher.held_out import learning_rows
from kd_edge_runtime import Score
from kd_edge_runtime.flags import NAMES, REVIEW, flagger
from kd_edge_runtime.text.known_ngrams import Known
from kd_edge_runtime.text.rules import words

ODD = odd_responses.read_odd()


@pytest.fixture(scope="module")
def item():
    return read_responses(odd_responses.SAMPLE / "responses.csv").items[0]


@pytest.fixture(scope="module")
def flags(small_students, item):
    """Flags texts as a bag of the item does whose every score is sure."""
    texts = [row.text for row in learning_rows(item, None, 0)[0]]
    options = BagOptions()
    stage = KIND.learn_text(TextSources(texts), options)
    limits = outlier_limits(texts, replace(small_students["bag"], options=options, text=stage))
    prompt = (odd_responses.SAMPLE / "prompt.txt").read_text(encoding="utf-8")
    flag = flagger(replace(limits, prompt=prompt_codes([prompt])))
    known = Known(stage.vocabulary)
    return lambda texts: [flag(found, known.count(found), 1.0) for found in map(words, texts)]


def test_they_are_of_many_kinds():
    assert 60 <= len(ODD) <= 100
    assert len({one.text for one in ODD}) == len(ODD)
    assert {one.wanted for one in ODD} == {*NAMES} - {REVIEW}
    assert {*odd_responses.GAMING} < {one.kind for one in ODD}


@pytest.mark.parametrize(
    ("kind", "share"),
    [
        *(("empty", 1), ("noise", 1), ("language", 1), ("prompt", 1), ("repeats", 1), ("long", 1)),
        *(("keywords", 0.7), ("off-topic", 0.6), ("injection", 0.4)),
    ],
)
def test_most_are_caught(flags, kind, share):
    of_kind = [one for one in ODD if one.kind == kind]
    found = flags([one.text for one in of_kind])
    right = [flag == one.wanted for flag, one in zip(found, of_kind, strict=True)]
    assert sum(right) >= share * len(right)


def test_ordinary_responses_are_left_alone(flags, item):
    for split, most in (("train", 0.03), ("test", 0.03)):
        found = flags([row.text for row in item.rows if row.split == split])
        assert sum(map(bool, found)) <= most * len(found), split


def test_figures_by_hand():
    two = [odd_responses.Odd("a", "noise", "unlike"), odd_responses.Odd("b", "noise", "unlike")]
    scores = [Score("3", 2.5, 0.9, "unlike", ()), Score("2", 2.0, 0.3, "review", ())]
    assert odd_responses.caught(two, scores) == {
        "noise": {
            "responses": 2,
            "wanted": "unlike",
            "as wanted": 1,
            "flagged": 1,
            "review": 1,
            "mean score": 2.5,
            "highest score": 3.0,
            "highest score, not flagged": None,
        }
    }
    assert odd_responses.alarms([*scores, Score("1", 1.0, 0.8, "", ())]) == {
        "responses": 3,
        "not flagged": 1,
        "review": 1,
        "wrongly flagged": {"unlike": 1},
    }


def test_the_table_is_made_of_the_result():
    lines = odd_responses.table().splitlines()
    kinds_told = [line.split("|")[1].strip() for line in lines[2:]]
    assert kinds_told == [*dict.fromkeys(one.kind for one in ODD), "ordinary (test)"]
