"""From answers to probabilities, by the formulas of the documents."""

from __future__ import annotations

import math

import pytest

from kd_edge.llm.dialect import Position, read_answer
from kd_edge.llm.probabilities import from_answers, from_positions

DIGITS = ("0", "1", "2")


def position(token, **masses):
    return Position(token, {name.strip("_"): math.log(mass) for name, mass in masses.items()})


def test_tokens_with_and_without_a_space_count_together():
    tokens = {"1": 0.4, " 1": 0.2, "2": 0.2, "0": 0.1, "The": 0.1}
    logs = {token: math.log(mass) for token, mass in tokens.items()}
    found = from_positions([Position("1", logs)], DIGITS, 1)
    assert found == pytest.approx([0.1 / 0.9, 0.6 / 0.9, 0.2 / 0.9])


def test_scores_that_are_not_listed_share_what_is_left():
    found = from_positions([position("1", _1=0.98)], DIGITS, 1)
    assert found == pytest.approx([0.01, 0.98, 0.01])


def test_but_are_less_likely_than_any_that_is():
    found = from_positions([position("1", _1=0.6, x=0.001)], DIGITS, 1)
    assert found == pytest.approx([0.001 / 0.602, 0.6 / 0.602, 0.001 / 0.602])


def test_the_place_where_the_score_stands():
    first, second = position("Score", _2=0.5, Score=0.5), position(" 1", _1=0.8, _2=0.1, _0=0.1)
    assert from_positions([first, second], DIGITS, 1) == pytest.approx([0.1, 0.8, 0.1])


def test_what_was_thought_aloud_is_not_it():
    thought = [position("<think>"), position("1", _1=1.0), position("</think>")]
    found = from_positions([*thought, position("1", _1=0.6, _2=0.2, _0=0.2)], DIGITS, 1)
    assert found == pytest.approx([0.2, 0.6, 0.2])


@pytest.mark.parametrize(
    "positions",
    [[], [position("x", x=1.0)], [position("1", _1=0.3, x=0.2)], [position("2", _2=1.0)]],
)
def test_no_probabilities(positions):
    assert from_positions(positions, DIGITS, 1) is None


def test_a_zero_that_a_server_lists():
    found = from_positions([Position("1", {"1": 0.0, "2": -9999.0})], DIGITS, 1)
    assert found == pytest.approx([0, 1, 0])


def test_counts():
    """(c + 1/3) / (n + 1)."""
    assert from_answers([2, 2, 1, None], 3) == pytest.approx([1 / 12, 4 / 12, 7 / 12])
    assert from_answers([None], 3) == pytest.approx([1 / 3] * 3)
    assert from_answers([], 2) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    "answer",
    [{}, {"choices": []}, {"choices": [3]}, {"choices": [{}]}, {"choices": [{"text": 3}]}],
)
def test_no_answer_of_the_protocol(answer):
    assert read_answer(answer) is None


@pytest.mark.parametrize(
    "logprobs",
    [None, 3, {}, {"content": 3}, {"content": [3, {}]}, {"tokens": ["1"], "top_logprobs": [None]},
     {"content": [{"token": "1", "top_logprobs": [{"token": "1", "logprob": "x"}, 3]}]},
     {"content": [{"token": "1", "top_logprobs": [{"token": "1", "logprob": float("nan")}]}]}],
)  # fmt: skip
def test_log_probabilities_that_are_none(logprobs):
    answer = read_answer({"choices": [{"message": {"content": "1"}, "logprobs": logprobs}]})
    assert from_positions(answer.positions, DIGITS, 1) is None


def test_a_thought_without_an_answer():
    message = {"content": None, "reasoning_content": "…"}
    answer = read_answer({"choices": [{"message": message, "finish_reason": "length"}]})
    assert (answer.text, answer.cut) == ("", True)
