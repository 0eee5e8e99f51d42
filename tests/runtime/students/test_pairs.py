from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings

import naive_pairs
from kd_edge.students.bag import BagOptions
from kd_edge.students.vocabulary import choose_vocabulary
from kd_edge_export.quantize import BagArrays, quantize
from kd_edge_runtime.backends.pairs import PairsModel
from kd_edge_runtime.students.pairs import PairsStudent, RowsOf
from kd_edge_runtime.text.relation import NUMBERS
from kd_edge_runtime.text.rules import words
from kd_edge_runtime.text.vocabulary import hash_word
from relations import QUESTION, REFERENCES, WORDS, relation, texts

_KNOWN = [" ".join(random.Random(seed).choices(WORDS, k=12)) for seed in range(60)]


def student(gram=3, dimensions=5, classes=3):
    vocabulary = choose_vocabulary(_KNOWN, BagOptions(ngrams=80, gram=gram, rules=1))
    assert all(vocabulary.sizes[at] for at in (0, 2))
    rng = np.random.default_rng(0)
    rows = vocabulary.size + 3 * len(vocabulary.words)
    arrays = [(rows, dimensions), (dimensions,), (classes, dimensions), (classes,)]
    weights = quantize(BagArrays(*(rng.normal(size=one).astype(np.float32) for one in arrays)))
    related = rng.normal(size=(len(NUMBERS), dimensions)).astype(np.float32)
    return PairsStudent(vocabulary, tuple(map(tuple, related.tolist())), weights)


STUDENTS = {gram: student(gram) for gram in (0, 3)}


@pytest.mark.parametrize("gram", STUDENTS)
@settings(max_examples=80, deadline=None)
@given(response=texts)
def test_rows_are_those_of_the_format(gram, response):
    vocabulary = STUDENTS[gram].vocabulary
    found = sorted(RowsOf(vocabulary, relation())(words(response)))
    assert found == naive_pairs.rows(vocabulary, response, QUESTION, REFERENCES, hash_word)


@pytest.mark.parametrize("gram", STUDENTS)
@settings(max_examples=40, deadline=None)
@given(response=texts)
def test_probabilities_are_those_of_the_format(gram, response):
    one = STUDENTS[gram]
    (found,) = PairsModel(one, relation()).probabilities([response])
    brought = naive_pairs.rows(one.vocabulary, response, QUESTION, REFERENCES, hash_word)
    numbers = relation().numbers(words(response))
    expected = naive_pairs.probabilities(one.weights, one.related, brought, numbers)
    assert found == pytest.approx(expected, abs=1e-9)
    assert sum(found) == pytest.approx(1)


def test_no_responses():
    assert PairsModel(STUDENTS[0], relation()).probabilities([]) == []


def test_a_long_response_costs_no_row_of_its_own():
    (found,) = PairsModel(STUDENTS[3], relation()).probabilities(["bulb path " * 20_000])
    assert sum(found) == pytest.approx(1)
