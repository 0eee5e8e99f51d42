"""What a decoder-only teacher reads."""

from __future__ import annotations

import pytest

from decoders import byte_tokenizer
from kd_edge.teacher.prompt import Prompt
from kd_edge_runtime.errors import InputError

TOKENIZER = byte_tokenizer(pad=False)
BARE = byte_tokenizer(pad=False, first=False)
WHOLE = Prompt(question="Why does ice melt?", rubric="A point for warm air.")


def read(prompt, response, most_response=200, most=1000, tokenizer=TOKENIZER):
    (ids,) = prompt.encode(tokenizer, [response], most_response, most)
    assert len(ids) <= most
    return tokenizer.decode(ids)


def test_the_whole_prompt():
    assert read(WHOLE, "The air is warm.") == (
        "<s>Question: Why does ice melt?\n\nRubric: A point for warm air.\n\n"
        "Response: The air is warm.\n\nScore:"
    )
    assert read(WHOLE, " warm ", tokenizer=BARE).startswith("Question: Why")


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (Prompt(), "<s>Response: warm\n\nScore:"),
        (Prompt(question="Why?"), "<s>Question: Why?\n\nResponse: warm\n\nScore:"),
        (Prompt(rubric="Air."), "<s>Rubric: Air.\n\nResponse: warm\n\nScore:"),
        (Prompt("{response} or not {question}?", "it"), "<s>warm or not it?"),
        # What a field holds is no template.
        (Prompt(question="{rubric} {response}"), "<s>Question: {rubric} {response}\n\nRes"),
    ],
)
def test_what_is_not_there_is_left_out(prompt, expected):
    assert read(prompt, "warm").startswith(expected)


def test_the_rubric_is_cut_first_then_the_question_then_the_response():
    full = len(WHOLE.encode(TOKENIZER, ["The air is warm."], 200, 1000)[0])
    lost_rubric = read(WHOLE, "The air is warm.", most=full - 4)
    assert "Why does ice melt?" in lost_rubric
    assert "The air is warm." in lost_rubric
    assert "A point" in lost_rubric
    assert "warm air." not in lost_rubric
    rubric = len(TOKENIZER(" A point for warm air.", add_special_tokens=False)["input_ids"])
    lost_question = read(WHOLE, "The air is warm.", most=full - rubric - 4)
    assert "Rubric:\n\nResponse: The air is warm." in lost_question
    assert "Question: Why" in lost_question
    assert "melt" not in lost_question
    fixed = len(Prompt().encode(TOKENIZER, [""], 200, 1000)[0])
    lost_all = read(WHOLE, "The air is warm.", most=full - 40)
    assert "Why" not in lost_all
    assert read(Prompt(), "The air is warm.", most=fixed + 4).startswith("<s>Response: The")
    assert read(Prompt(), "The air is warm.", most=fixed + 4).endswith("\n\nScore:")


def test_the_beginning_of_a_long_response_is_kept_wherever_the_tokenizer_cuts():
    TOKENIZER.truncation_side = "left"
    try:
        shown = read(WHOLE, "one two three four five six", most_response=8)
    finally:
        TOKENIZER.truncation_side = "right"
    assert "Response: one" in shown
    assert "six" not in shown
    assert shown.endswith("\n\nScore:")


def test_fewer_tokens_than_the_template_has():
    for most in range(1, 60):
        (ids,) = WHOLE.encode(TOKENIZER, ["warm"], 200, most)
        assert 1 <= len(ids) <= most


@pytest.mark.parametrize("template", ["Score:", "{response} {response}", "{question} " * 2])
def test_a_template_without_its_fields(template):
    with pytest.raises(InputError, match=r"needs \{response\} once"):
        Prompt(template)
