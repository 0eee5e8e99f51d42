"""Counts of n-grams with numpy, against a slow second writing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
import naive
from kd_edge_runtime.text import counts as counts_module
from kd_edge_runtime.text.counts import Counter
from kd_edge_runtime.text.vocabulary import BagVocabulary, code_array

KNOWN = sorted({word for sentence in bundles_made.SENTENCES for word in sentence.split()})
SENTENCE = st.lists(st.sampled_from([*KNOWN, "unknown", "+", "\U0001f642"]), max_size=30).map(
    " ".join
)
TEXTS = st.lists(st.one_of(SENTENCE, st.text(max_size=20)), max_size=6)


def counted(counter, texts):
    """The counts, which the ways for few words and for many have to agree on."""
    few = counter.count(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counts_module, "_FEW", -1)
        many = counter.count(texts)
    for one, other in ((few.rows, many.rows), (few.starts, many.starts)):
        assert (one.dtype, one.tolist()) == (other.dtype, other.tolist())
    return few


def by_response(counts):
    ends = counts.starts.tolist()
    return [
        sorted(counts.rows[start:end].tolist())
        for start, end in zip(ends[:-1], ends[1:], strict=True)
    ]


@given(TEXTS, st.sampled_from([0, 2, 4]))
def test_the_counts_are_those_of_the_second_writing(texts, gram):
    vocabulary = bundles_made.vocabulary(gram)
    counts = counted(Counter(vocabulary), texts)
    assert by_response(counts) == [sorted(naive.rows(vocabulary, text)) for text in texts]
    assert len(counts) == len(texts)
    assert (counts.rows.dtype, counts.starts.dtype) == (np.int32, np.int64)


def test_pairs_and_repeated_words_count_each_time():
    vocabulary = bundles_made.vocabulary(0)
    text = "the ice the ice the ice"
    rows = by_response(counted(Counter(vocabulary), [text]))[0]
    assert rows == sorted(naive.rows(vocabulary, text))
    pairs = [row for row in rows if row >= vocabulary.pairs_start]
    assert len(rows) - len(pairs) == 6
    assert len(pairs) == 3  # "the ice"; "ice the" is not known


def test_no_pair_over_the_end_of_a_response():
    counter = Counter(bundles_made.vocabulary())
    together = by_response(counted(counter, ["the", "ice"]))
    assert together == [by_response(counted(counter, [one]))[0] for one in ("the", "ice")]
    assert len(by_response(counted(counter, ["the ice"]))[0]) == sum(map(len, together)) + 1


def test_nothing_at_all():
    for vocabulary in (
        bundles_made.vocabulary(),
        BagVocabulary(4, code_array(), code_array(), code_array()),
    ):
        counter = Counter(vocabulary)
        empty = counted(counter, [])
        assert len(empty) == 0
        assert empty.dense(vocabulary.size).shape == (0, vocabulary.size)
        blank = counted(counter, ["", " ", "?!"])
        assert blank.starts.tolist() == [0, 0, 0, 0]
        assert blank.scale().tolist() == [1.0, 1.0, 1.0]
        assert not blank.dense(vocabulary.size).any()


@given(TEXTS, st.data())
def test_take(texts, data):
    counts = counted(Counter(bundles_made.vocabulary()), texts)
    at = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=8) if texts else st.just([]))
    taken = counts.take(np.array(at, dtype=np.int64))
    assert by_response(taken) == [by_response(counts)[one] for one in at]
    assert taken.scale().tolist() == [counts.scale()[one] for one in at]


@given(TEXTS)
def test_dense(texts):
    vocabulary = bundles_made.vocabulary()
    dense = counted(Counter(vocabulary), texts).dense(vocabulary.size)
    assert (dense.dtype, dense.shape) == (np.float32, (len(texts), vocabulary.size))
    for got, text in zip(dense, texts, strict=True):
        rows = naive.rows(vocabulary, text)
        wanted = np.bincount(rows, minlength=vocabulary.size) if rows else np.zeros(len(got))
        assert got == pytest.approx(wanted / max(len(rows), 1) ** 0.5, rel=1e-6)


def test_scale_is_one_over_the_root_of_the_number():
    counts = counted(Counter(bundles_made.vocabulary(0)), ["the", "the the the the", ""])
    assert counts.scale().tolist() == [1.0, 0.5, 1.0]


def test_what_is_remembered_is_forgotten_in_time(monkeypatch):
    monkeypatch.setattr(counts_module, "_UNGRANTED", 1000)
    counter = Counter(bundles_made.vocabulary())
    texts = ["the warm water", "in the pot", "the ice melts", "the warm water"]
    found = [by_response(counted(counter, [text])) for text in texts for _ in range(2)]
    assert 0 < len(counter.words.number) <= 9
    assert found[0] == found[1] == found[6] == found[7]
    assert found[0][0] == sorted(naive.rows(bundles_made.vocabulary(), texts[0]))
