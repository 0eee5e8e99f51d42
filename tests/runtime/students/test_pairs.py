from __future__ import annotations

import random

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_pairs
from kd_edge.students.bag import BagOptions
from kd_edge.students.vocabulary import choose_vocabulary
from kd_edge_export.onnx.pairs import onnx_int8
from kd_edge_export.quantize import BagArrays, quantize
from kd_edge_runtime.backends.pairs import PairsModel
from kd_edge_runtime.backends.pairs_input import PairsInput
from kd_edge_runtime.backends.with_numpy import NumpyPairs
from kd_edge_runtime.graphs.limits import Described, GraphError
from kd_edge_runtime.graphs.onnx_check import check_onnx
from kd_edge_runtime.students.explain_pairs import _NAMES, MISSING, PairsExplainer
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


@pytest.mark.parametrize("gram", STUDENTS)
@settings(max_examples=20, deadline=None)
@given(responses=st.lists(texts, max_size=4))
def test_numpy_scores_alike(gram, responses):
    expected = PairsModel(STUDENTS[gram], relation()).probabilities(responses)
    found = NumpyPairs(STUDENTS[gram], relation()).probabilities(responses)
    assert np.array(found) == pytest.approx(np.array(expected), abs=1e-9)


def test_a_graph_scores_alike():
    one = STUDENTS[3]
    graph = onnx_int8(one.weights, np.array(one.related, dtype=np.float32), "")
    given = PairsInput(one, relation())
    described = Described("pairs", 3, given.widths["counts"][0], 5)
    assert described.widths == {name: size for name, (size,) in given.widths.items()}
    check_onnx(graph, described)
    with pytest.raises(GraphError, match="other inputs"):
        check_onnx(graph, described._replace(ngrams=described.ngrams - 1))
    with pytest.raises(GraphError, match="other inputs"):
        check_onnx(graph, described._replace(student="bag"))
    responses = [*_KNOWN[:9], "", "path"]
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, given.feed(responses))
    assert found == pytest.approx(
        np.array(PairsModel(one, relation()).probabilities(responses)), abs=1e-5
    )


@pytest.mark.parametrize("gram", STUDENTS)
@settings(max_examples=40, deadline=None)
@given(response=texts)
def test_an_explanation_adds_up_to_the_score(gram, response):
    one = STUDENTS[gram]
    explanation = PairsExplainer(one, relation()).explain(response)
    powers = np.exp(explanation.logits())
    (expected,) = PairsModel(one, relation()).probabilities([response])
    assert powers / powers.sum() == pytest.approx(np.array(expected), abs=1e-9)


def test_what_an_explanation_names():
    explanation = PairsExplainer(STUDENTS[0], relation()).explain("the bulb bulb zebra")
    times = {push.words: push.times for push in explanation.pushes}
    assert times[("bulb",)] == 2
    lacking = {*words(" ".join(REFERENCES))} - {"the", "bulb"}
    known = {*STUDENTS[0].vocabulary.words}
    assert times[(MISSING,)] == sum(hash_word(word) in known for word in lacking) > 1
    assert ("[share of a reference's words]",) in times
    assert explanation.unknown == ("zebra",)
    assert {*_NAMES} == {*NUMBERS}


def test_no_responses():
    assert PairsModel(STUDENTS[0], relation()).probabilities([]) == []


def test_a_long_response_costs_no_row_of_its_own():
    (found,) = PairsModel(STUDENTS[3], relation()).probabilities(["bulb path " * 20_000])
    assert sum(found) == pytest.approx(1)
