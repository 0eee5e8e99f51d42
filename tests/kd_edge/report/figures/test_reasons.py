"""What the report says of a score: the words that spoke for it rather than for another."""

from __future__ import annotations

from dataclasses import replace

import pytest

import bundles_made
from kd_edge.report.figures.reasons import Reasons, reasons
from kd_edge_runtime.scorer import Scorer


@pytest.fixture
def scorer(tmp_path):
    rnn = replace(bundles_made.item("spoon"), student="rnn")
    bundles_made.write(tmp_path / "item.kdz", [bundles_made.item(), rnn])
    with Scorer.open(tmp_path / "item.kdz") as opened:
        yield opened


def test_the_words_that_lean_to_each_score(scorer):
    text = "zork " + " ".join(bundles_made.SENTENCES)
    why = reasons(scorer, "stove")(text, 2, 0)
    leaning = {
        " ".join(push.words): push.pushes[2] - push.pushes[0]
        for push in scorer.explain(text, "stove").pushes
    }
    assert why.words_for
    assert why.words_against
    assert all(leaning[words] > 0 for words in why.words_for)
    assert all(leaning[words] < 0 for words in why.words_against)
    strengths = [abs(leaning[words]) for words in why.words_for]
    assert strengths == sorted(strengths, reverse=True)
    assert "zork" in why.unknown
    swapped = reasons(scorer, "stove")(text, 0, 2)
    assert (swapped.words_for, swapped.words_against) == (why.words_against, why.words_for)


def test_words_without_content_are_no_reason(scorer):
    text = "the water " + " ".join(bundles_made.SENTENCES)
    known = {push.words for push in scorer.explain(text, "stove").pushes}
    assert ("the",) in known, "the model counts it"
    why = reasons(scorer, "stove")(text, 2, 0)
    shown = {*why.words_for, *why.words_against, *why.unknown}
    assert not {"the", "and", "of", "is", "die", "les"} & shown


def test_no_word_with_content_is_shown_twice(scorer):
    why = reasons(scorer, "stove")(" ".join(bundles_made.SENTENCES), 2, 0)
    for phrases in (why.words_for, why.words_against):
        words = [word for phrase in phrases for word in phrase.split() if len(word) > 4]
        assert len(words) == len(set(words))


def test_of_other_students_nothing_is_said(scorer):
    assert reasons(scorer, "spoon")("the water", 0, 1) == Reasons()


def test_a_response_without_words(scorer):
    assert reasons(scorer, "stove")("", 0, 1) == Reasons()
