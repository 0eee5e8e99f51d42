"""Known n-grams counted from words are those that scoring counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import bundles_made
import naive
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.text.known_ngrams import Known
from kd_edge_runtime.text.rules import words

STUDENT = bundles_made.student()
KNOWN = Known(STUDENT.vocabulary)
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(" ".join(bundles_made.SENTENCES).split()), max_size=30).map(" ".join),
)


@given(TEXTS)
def test_as_many_as_the_format_says(text):
    wanted = len(naive.rows(STUDENT.vocabulary, text))
    for _ in range(2):  # words that were met are remembered
        assert KNOWN.count(words(text)) == wanted


def test_as_many_as_plain_python_hands_over():
    for found, known, _ in PlainModel(STUDENT).read([*bundles_made.SENTENCES, "", "x y z"]):
        assert KNOWN.count(found) == known


def test_long_words_are_not_kept():
    known = Known(STUDENT.vocabulary)
    known.count(["ice", "x" * 5000])
    assert [*known.words] == ["ice"]


def test_without_grams():
    flat = bundles_made.student(gram=0)
    for sentence in bundles_made.SENTENCES:
        assert Known(flat.vocabulary).count(words(sentence)) == len(
            naive.rows(flat.vocabulary, sentence)
        )
