"""Tokenizers that are made to harm are refused before a package sees them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import seconds_made
from kd_edge_runtime.text.tokenizer_limits import check_ids, check_tokenizer

WHOLE = json.loads(seconds_made.tokenizer_json())


def replacing(times, content):
    rule = {"type": "Replace", "pattern": {"String": "a"}, "content": content}
    return {"normalizer": {"type": "Sequence", "normalizers": [rule] * times}}


def within(part, **changes):
    return {part: {**WHOLE[part], **changes}}


def splitting(pattern):
    return {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}}}


def word(number):
    return {**WHOLE["added_tokens"][0], "id": number}


REFUSED = {
    "no truncation": ({"truncation": None}, "does not cut long"),
    "for pairs": (within("truncation", strategy="OnlySecond"), "does not cut long"),
    "far away": (within("truncation", max_length=1 << 40), "number that is too large"),
    "too far": (within("truncation", max_length=2049), "at most 2048 tokens"),
    "nothing left": (within("truncation", max_length=0), "at most 2048 tokens"),
    "stride": (within("truncation", stride=40), "at most 2048 tokens"),
    "padding": (within("padding", pad_id=1 << 40), "number that is too large"),
    "infinite": (within("padding", pad_id=float("inf")), "number that is too large"),
    "not a number": (within("padding", pad_id=float("nan")), "number that is too large"),
    "at random": (within("model", dropout=0.5), "dropout"),
    "long words": (within("model", max_input_chars_per_word=10**9), "words of more than 1000"),
    "no vocabulary": ({"model": {"type": "WordPiece"}}, "has no vocabulary"),
    "no model": ({"model": None}, "it is none of the package"),
    "ids": (within("model", vocab={"a": -1}), "an id that is none"),
    "ids that are texts": (within("model", vocab={"a": "1"}), "an id that is none"),
    "ids beside": ({"added_tokens": [word(1 << 31)]}, "an id that is none"),
    "words beside": ({"added_tokens": [word(1)] * 10_001}, "more than 10,000 words"),
    "rules": (replacing(500, "b"), "more than 1000 rules"),
    "growth": (replacing(9, "aa"), "far longer texts"),
    "growth at once": (replacing(1, "a" * 257), "far longer texts"),
    "repeated group": (splitting("(a+)+$"), "may take for ever"),
    "repeated choice": (splitting("(?:a|ab){2,}x"), "may take for ever"),
    "back": (splitting(r"(a*)\1b"), "may take for ever"),
    "long pattern": (splitting("a" * 1001), "may take for ever"),
    "tokens around": (
        within("post_processor", single=WHOLE["post_processor"]["single"] * 30),
        "more than 64 tokens around",
    ),
    "tokens of one": (
        within("post_processor", special_tokens={"[CLS]": {"ids": [1] * 65}}),
        "more than 64 tokens around",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_made_to_harm(name):
    changes, why = REFUSED[name]
    with pytest.raises(ValueError, match=why):
        check_tokenizer({**WHOLE, **changes})


LLAMA = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        replacing(50, "b"),
        replacing(1, "a" * 256),
        within("truncation", max_length=2048),
        within("model", vocab={"Replace": 1}),
        {"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", -1.5]]}},
        {"model": {"type": "BPE", "dropout": None, "vocab": {"a": 0}, "merges": []}},
        {"post_processor": None},
        splitting(LLAMA),
        splitting(" {2,}"),
    ],
    ids=range(10),
)
def test_what_students_have(changes):
    check_tokenizer({**WHOLE, **changes})


def test_tokens_of_a_response():
    check_ids([])
    check_ids([[0] * 2048, []])
    with pytest.raises(ValueError, match="more than 2048 tokens"):
        check_ids([[], [0] * 2049])


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inside: st.one_of(
        st.lists(inside, max_size=4), st.dictionaries(st.text(max_size=8), inside, max_size=4)
    ),
    max_leaves=12,
)


@given(st.sampled_from([*WHOLE, "truncation", "model", "post_processor"]), ANYTHING)
def test_anything_else_is_refused_in_words(name, value):
    try:
        check_tokenizer({**WHOLE, name: value})
    except ValueError as error:
        assert str(error)


@given(st.data())
def test_parts_of_any_type(data):
    name = data.draw(st.sampled_from(["truncation", "model", "post_processor", "padding"]))
    inside = data.draw(st.sampled_from([*WHOLE[name]]))
    try:
        check_tokenizer({**WHOLE, **within(name, **{inside: data.draw(ANYTHING)})})
    except ValueError as error:
        assert str(error)
