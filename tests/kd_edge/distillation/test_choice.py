"""What was chosen, by the rule of one standard error, and the sentence that says so."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from kd_edge.distillation.choice import Choice, choice_of, first_as_good

LOSSES = {"student": 0.4, "baseline": 0.5, "teacher": 0.45, "labels": 0.42}


def test_the_default_stays_while_the_gain_may_be_chance():
    rng = np.random.default_rng(0)
    base = rng.exponential(size=40)
    noise = rng.normal(size=40)
    noise -= noise.mean()
    error = noise.std(ddof=1) / 40**0.5
    for gain, place in ((0.9 * error, 0), (1.1 * error, 1)):
        assert first_as_good(np.stack([base, base + noise - gain])) == place


def test_of_several_as_good_the_first_is_taken():
    level = np.ones(10)
    assert first_as_good(np.stack([level + 1, level, level])) == 1
    assert first_as_good(np.stack([level, level + 1, level])) == 0
    # the error is that of the difference from the best, not of the losses
    varied = np.arange(10.0)
    assert first_as_good(np.stack([varied + 0.1, varied])) == 1


def test_one_response_decides_by_its_loss():
    assert first_as_good(np.array([[0.2], [0.1]])) == 1
    assert first_as_good(np.array([[0.1], [0.1]])) == 0


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice(1.0, True, False, 30, LOSSES), "unmixed: on 30 held-out responses"),
        (Choice(1.0, True, True, 30, LOSSES), "the large model's scores."),
        (Choice(1.0, True, False, 30, {"student": 0.4, "baseline": 0.5}), "model's scores."),
        (Choice(0.25, True, False, 30, LOSSES), "scores (25%) and of those of the small model alo"),
        (Choice(0.25, True, True, 30, LOSSES), "alone (75%)."),
        (Choice(0.5, False, False, 30, LOSSES), "It is the small model alone"),
    ],
)
def test_a_sentence_for_a_school(choice, words):
    text = str(choice)
    assert words in text
    assert text.count(".") == 1
    assert text.endswith(".")
    for jargon in ("teacher", "student", "stack", "log-loss"):
        assert jargon not in text


def test_kept_in_the_provenance():
    choice = Choice(0.5, True, False, 30, LOSSES)
    assert choice_of({"choice": asdict(choice)}) == choice
    assert choice_of({}) is None
