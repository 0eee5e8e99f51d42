"""The parts of a score: they are exact, whole, and of the words that made them."""

from __future__ import annotations

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
import naive
from kd_edge_runtime.students.explain import Explainer

POOL = [word for sentence in bundles_made.SENTENCES for word in sentence.split()]
TEXT = st.lists(st.one_of(st.sampled_from(POOL), st.text(max_size=8)), max_size=30).map(" ".join)


def explain(student, text):
    return Explainer(student).explain(text)


def softmax(logits):
    powers = [exp(one) for one in logits]
    return [power / sum(powers) for power in powers]


@given(TEXT, st.sampled_from([0, 4]), st.integers(2, 5), st.integers(0, 3))
def test_the_parts_add_up_to_the_score(text, gram, classes, seed):
    student = bundles_made.student(classes, seed, gram)
    found = explain(student, text)
    assert softmax(found.logits()) == pytest.approx(naive.probabilities(student, text), abs=1e-12)
    for push in found.pushes:
        assert sum(push.pushes) == pytest.approx(0, abs=1e-9)


@given(TEXT)
def test_every_word_is_in_a_push_or_unknown(text):
    found = explain(bundles_made.student(), text)
    single = {push.words[0] for push in found.pushes if len(push.words) == 1}
    assert single | set(found.unknown) >= {word[:40] for word in naive.words(text)}
    assert not single & set(found.unknown)
    assert all(push.times == naive.words(text).count(*push.words) for push in found.pushes
               if len(push.words) == 1 and len(push.words[0]) < 40)  # fmt: skip


def test_the_strongest_comes_first_and_pairs_stand_for_themselves():
    found = explain(bundles_made.student(), "The water in the pot. The water in the pot, the pot!")
    assert [push.strength for push in found.pushes] == sorted(
        (push.strength for push in found.pushes), reverse=True
    )
    counts = {push.words: push.times for push in found.pushes}
    assert counts["the", "pot"] == 3
    assert counts["the",] == 5


def test_a_response_without_a_known_word_has_its_start_alone():
    student = bundles_made.student()
    found = explain(student, "zq zq xk")
    assert found.pushes == ()
    assert found.unknown == ("zq", "xk")
    assert softmax(found.logits()) == pytest.approx(naive.probabilities(student, "zq"), abs=1e-12)
    assert explain(student, "").unknown == ()
