"""What the report says of a score: the strongest words for it and against it."""

from __future__ import annotations

from dataclasses import replace

import pytest

import bundles_made
from kd_edge.report.figures.disagreements import reasons
from kd_edge_runtime.scorer import Scorer


@pytest.fixture
def scorer(tmp_path):
    rnn = replace(bundles_made.item("spoon"), student="rnn")
    bundles_made.write(tmp_path / "item.kdz", [bundles_made.item(), rnn])
    with Scorer.open(tmp_path / "item.kdz") as opened:
        yield opened


def test_the_strongest_words_for_and_against(scorer):
    text = bundles_made.SENTENCES[0] + " zork"
    why = reasons(scorer, "stove")
    found = scorer.explain(text, "stove").pushes
    for given in range(4):
        said = why(text, given)
        best = max(found, key=lambda push: push.pushes[given])
        worst = min(found, key=lambda push: push.pushes[given])
        assert said.startswith(f"for this score: {' '.join(best.words)} {best.pushes[given]:+.2f}")
        assert f"against it: {' '.join(worst.words)} {worst.pushes[given]:+.2f}" in said
        assert "zork" in said.partition("unknown words: ")[2]


def test_of_other_students_nothing_is_said(scorer):
    assert reasons(scorer, "spoon")("the water", 0) == ""


def test_a_response_without_words(scorer):
    assert reasons(scorer, "stove")("", 0) == ""
