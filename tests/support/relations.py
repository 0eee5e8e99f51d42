"""A question with its reference answers, and responses to it."""

from __future__ import annotations

from hypothesis import strategies as st

from kd_edge_export.relation import make_relation

QUESTION = "Why does the bulb light?"
REFERENCES = ("The bulb is in a closed path with the battery", "There is no gap in the path")
WORDS = (
    *("the", "bulb", "path", "closed", "closd", "battery", "gap", "no", "not", "is", "in", "a"),
    *("because", "Why", "does", "light", "ünlit", "日", "5%", "a" * 50, "don't", "?"),
)
texts = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=30)


def relation(question=QUESTION, told=REFERENCES):
    made = make_relation(question, told, lambda code: 1 + code % 5000)
    assert made is not None
    return made
