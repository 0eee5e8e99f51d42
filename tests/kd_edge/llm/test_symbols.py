"""What answers mean."""

from __future__ import annotations

import pytest

from kd_edge.llm.symbols import read_score, symbol_of_token, symbols_for
from kd_edge_runtime.errors import InputError

DIGITS = ("0", "1", "2", "3")
WORDS = ("wrong", "partly right", "right")


@pytest.mark.parametrize(
    ("classes", "symbols"),
    [
        (DIGITS, DIGITS),
        (("3", "2", "1"), ("3", "2", "1")),
        (("F", "D", "C"), ("F", "D", "C")),
        (WORDS, ("A", "B", "C")),
        (("0", "0.5", "1"), ("A", "B", "C")),
        (tuple(map(str, range(11))), tuple("ABCDEFGHIJK")),
        (("-1", "0"), ("A", "B")),
        (("a", "b"), ("A", "B")),
        (("²", "³"), ("A", "B")),
    ],
)
def test_symbols(classes, symbols):
    assert symbols_for(classes) == symbols


@pytest.mark.parametrize("classes", [("0",), (), tuple(map(str, range(27)))])
def test_no_symbols(classes):
    with pytest.raises(InputError, match="2 to 26 different scores"):
        symbols_for(classes)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        *(("2", 2), (" 2\n", 2), ("2.", 2), ("**2**", 2), ("2/3", 2), ("2 points", 2)),
        *(("2: it is right", 2), ("Score: 2", 2), ("The score is 2.", 2), ('{"score": 2}', 2)),
        *(("**Score:** 1\n\nBecause 2 things", 1), ("<think>3 or 2?</think>\n\n1", 1)),
        *(("2.5", None), ("12", None), ("", None), ("2,5", None), ("five", None), ("4", None)),
        *(("Score: 1 or score: 2", None), ("I see 2 of 3 parts", None), ("-1", None)),
    ],
)
def test_digits(text, score):
    assert read_score(text, DIGITS, DIGITS) == score


@pytest.mark.parametrize(
    ("text", "score"),
    [
        *(("B", 1), ("B.", 1), ("(B) since", 1), ("**C**", 2), ("partly right", 1), ("Right.", 2)),
        *(("Answer: B", 1), ("B\nbecause", 1), ("<think>A?</think>B", 1)),
        *(("A good answer", None), ("A response: right", None), ("b", None), ("D", None)),
        *(("Both", None), ("Cut", None)),
    ],
)
def test_letters(text, score):
    assert read_score(text, ("A", "B", "C"), WORDS) == score


@pytest.mark.parametrize("token", ["2", " 2", "▁2", "Ġ2", "2\n"])
def test_tokens(token):
    assert symbol_of_token(token, DIGITS) == 2


@pytest.mark.parametrize("token", ["22", "2.", "", "٢", "x"])
def test_other_tokens(token):
    assert symbol_of_token(token, DIGITS) is None
