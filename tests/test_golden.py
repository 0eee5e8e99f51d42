"""Golden rows: neutral inputs, and the outputs that devices must give."""

from __future__ import annotations

import json

import bundles_made

from kd_edge_export.golden import TOLERANCE, golden_inputs, golden_json
from kd_edge_runtime.text import words

PROMPT = "What melts the ice? Say why.\n\nUse what you know about heat!"


def test_the_inputs_are_always_the_same():
    assert golden_inputs([PROMPT]) == golden_inputs([PROMPT])
    assert golden_inputs([PROMPT], 1) != golden_inputs([PROMPT], 2)
    assert len(golden_inputs([])) == len(set(golden_inputs([]))) == 20


def test_the_prompts_sentences_are_among_them():
    inputs = golden_inputs([PROMPT, "", "  \n "])
    for sentence in ("What melts the ice?", "Say why.", "Use what you know about heat!"):
        assert sentence in inputs
    assert all(inputs[1:])


def test_they_hold_what_is_hard():
    inputs = golden_inputs([])
    assert "" in inputs
    assert any(len(word) > 40 for text in inputs for word in words(text))
    assert max(len(words(text)) for text in inputs) > 60
    assert any(not text.isascii() for text in inputs)


def test_a_long_rubric_is_cut():
    rubric = " ".join(f"Point {number} is here." for number in range(100))
    inputs = golden_inputs([rubric])
    assert len(inputs) == 20 + 24
    assert "Point 23 is here." in inputs
    assert "Point 24 is here." not in inputs


def test_no_text_twice():
    inputs = golden_inputs(["No", "No\nNo", "I do not know."])
    assert len(set(inputs)) == len(inputs)


def test_the_generated_are_of_the_given_words():
    given = set(" ".join([*golden_inputs([])[:12], PROMPT]).split())
    for text in golden_inputs([PROMPT])[-8:]:
        assert set(text.split()) <= given
        assert 5 <= len(text.split()) <= 120


def test_the_member():
    data = golden_json(["größe", ""], {"plain-int8": [[0.25, 0.75], [1 / 3, 2 / 3]]})
    assert json.loads(data) == {
        "tolerance": 1e-4,
        "inputs": ["größe", ""],
        "outputs": {"plain-int8": [[0.25, 0.75], [0.3333333, 0.6666667]]},
    }
    assert "größe".encode() in data
    assert TOLERANCE == 1e-4
    assert golden_json(bundles_made.SENTENCES, {}) == golden_json(bundles_made.SENTENCES, {})
