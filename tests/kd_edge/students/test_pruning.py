"""A bag made smaller."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kd_edge.students.bag import KIND
from kd_edge.students.pruning import importance, prune
from kd_edge_runtime.text.counts import Counter
from kd_edge_runtime.text.vocabulary import BagVocabulary
from workshop import sentences

TEXTS = sentences(40)


@pytest.fixture(scope="module")
def student(small_students):
    return small_students["bag"]


def names(vocabulary):
    """What each n-gram of a vocabulary is, whatever its row."""
    found = [("word", code) for code in vocabulary.words]
    found += [("gram", code) for code in vocabulary.grams]
    words = vocabulary.words
    return found + [("pair", words[one >> 16], words[one & 0xFFFF]) for one in vocabulary.pairs]


def test_nothing_is_left_out_where_all_fits(student):
    same = prune(student, 10_000, importance(student, TEXTS))
    assert same.text.vocabulary == student.text.vocabulary
    assert (same.probabilities(TEXTS) == student.probabilities(TEXTS)).all()


@given(size=st.integers(0, 60), seed=st.integers(0, 5))
def test_an_n_gram_keeps_its_vector(student, size, seed):
    weights = np.random.default_rng(seed).random(student.text.vocabulary.size)
    small = prune(student, size, weights)
    vocabulary = small.text.vocabulary
    assert vocabulary.size <= size
    assert BagVocabulary.from_bytes(vocabulary.to_bytes(), vocabulary.gram, vocabulary.sizes)
    vectors = dict(zip(names(student.text.vocabulary), student.network.table.tolist(), strict=True))
    kept = dict(zip(names(vocabulary), small.network.table.tolist(), strict=True))
    assert kept.items() <= vectors.items()


def test_the_important_ones_are_kept(student):
    weights = importance(student, TEXTS)
    small = prune(student, 20, weights)
    whole = dict(zip(names(student.text.vocabulary), weights, strict=True))
    kept = [whole[name] for name in names(small.text.vocabulary) if name[0] != "word"]
    left = [weight for name, weight in whole.items() if name not in names(small.text.vocabulary)]
    # Words may be there for a pair's sake; a gram or a pair is there for its own.
    assert min(kept) > np.median(left)
    assert small.text.vocabulary.size == 20


def test_a_pair_brings_its_words(student):
    vocabulary = student.text.vocabulary
    weights = np.zeros(vocabulary.size)
    weights[-1] = 1.0  # a pair
    small = prune(student, 3, weights).text.vocabulary
    assert (len(small.words), len(small.pairs)) == (2, 1)
    assert prune(student, 2, weights).text.vocabulary.sizes[2] == 0, "no room for all three"


def test_importance_is_what_moves_the_scores(student):
    weights = importance(student, TEXTS)
    counts = Counter(student.text.vocabulary).count(TEXTS)
    often = np.bincount(counts.rows, minlength=len(weights))
    table, head = student.network.table.detach().numpy(), student.network.head.weight.detach()
    for row in (0, 7, len(weights) - 1):
        logits = head.numpy() @ table[row]
        assert weights[row] == pytest.approx(
            np.linalg.norm(logits - logits.mean()) * often[row] ** 0.5, rel=1e-4
        )
    unseen = importance(student, ["zzz qqq"])
    assert (unseen == 0).all()


def test_what_moves_all_classes_alike_is_of_no_importance(student):
    same = prune(student, 10_000, importance(student, TEXTS))
    with torch.no_grad():
        same.network.head.weight.copy_(torch.ones_like(same.network.head.weight))
    assert importance(same, TEXTS).max() < 1e-5


def test_fewer_bits(student):
    for bits in (8, 4, 2):
        rounded = KIND.in_bits(student, bits)
        held = rounded.network._held().detach().numpy()
        most = 2 ** (bits - 1) - 1
        for column in held.T:
            steps = column / np.abs(column).max() * most
            assert np.abs(steps - np.rint(steps)).max() < 1e-4
    assert student.options.bits == 8
    off = [
        np.abs(
            KIND.in_bits(student, bits).probabilities(TEXTS) - student.probabilities(TEXTS)
        ).max()
        for bits in (8, 6, 4, 2)
    ]
    assert off[0] == 0
    assert off == sorted(off)
