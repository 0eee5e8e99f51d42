"""The numpy backend: the plain backend's numbers, in batches."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from kd_edge_runtime.backends import with_numpy
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.backends.with_numpy import NumpyModel, softmax
from kd_edge_runtime.text.vocabulary import BagVocabulary, code_array

POOL = [word for sentence in bundles_made.SENTENCES for word in sentence.split()]
TEXT = st.lists(st.one_of(st.sampled_from(POOL), st.text(max_size=8)), max_size=30).map(" ".join)


def same(student, texts, within=1e-12):
    found = NumpyModel(student).probabilities(texts)
    wanted = PlainModel(student).probabilities(texts)
    assert len(found) == len(texts)
    for one, other in zip(found, wanted, strict=True):
        assert isinstance(one, tuple)
        assert all(type(share) is float for share in one)
        assert one == pytest.approx(other, abs=within)


@given(st.lists(TEXT, max_size=8), st.sampled_from([0, 1, 4]), st.integers(2, 5))
def test_it_agrees_with_plain(texts, gram, classes):
    same(bundles_made.student(classes, 3, gram), texts)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["", "", ""],
        ["", "the warm water", ""],
        ["the ice", "", "zq", "", "the pot"],
        ["zq"],
        ["a" * 100_000, "the " + "warm" * 25_000],
    ],
)
def test_empty_responses_anywhere(texts):
    same(bundles_made.student(), texts)


def test_a_very_long_response_adds_up_exactly():
    text = " ".join(random.Random(0).choices(POOL, k=250_000))
    made = bundles_made.student()
    same(made, [text, "the ice", text])
    # All of one sign: the sums grow as large as they can.
    weights = replace(made.weights, table=b"\x7f" * 480, scale=(1e-5,) * 8)
    same(replace(made, weights=weights), [text])


def test_batches_make_no_difference(monkeypatch):
    model = NumpyModel(bundles_made.student())
    rng = random.Random(1)
    texts = [" ".join(rng.choices(POOL, k=rng.randint(0, 20))) for _ in range(50)]
    whole = model.probabilities(texts)
    for size in (1, 7, 50):
        monkeypatch.setattr(with_numpy, "_BATCH", size)
        found = model.probabilities(texts)
        assert np.array(found) == pytest.approx(np.array(whole), abs=1e-12)


def test_a_vocabulary_of_nothing():
    made = bundles_made.student()
    nothing = BagVocabulary(4, code_array(), code_array(), code_array())
    same(replace(made, vocabulary=nothing, weights=replace(made.weights, table=b"")), ["the", ""])


def test_softmax_does_not_overflow():
    found = softmax(np.array([[1e4, 1e4], [0.0, -1e4], [-1e4, -1e4 - np.log(3)]]))
    assert found == pytest.approx(np.array([[0.5, 0.5], [1.0, 0.0], [0.75, 0.25]]))
