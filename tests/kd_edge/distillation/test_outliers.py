"""What is taken for ordinary: limits that real responses keep to, and odd ones do not."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from kd_edge.distillation.outliers import outlier_limits, prompt_codes
from kd_edge.students.bag import KIND, BagOptions
from kd_edge.students.base import TextSources
from kd_edge_runtime.bundle.manifest import Flags
from kd_edge_runtime.flags import flagger, pair_code
from kd_edge_runtime.text.known_ngrams import Known
from kd_edge_runtime.text.rules import words

_PARTS = (
    ("The ice", "The cube without a scarf", "Jonas is wrong, it", "I think the other one"),
    ("melts first", "gets warm sooner", "takes in more heat", "stays cold for longer"),
    ("because wool is an insulator", "since the room is warm", "as air is trapped in the wool"),
    ("and heat moves to the cold.", "so nothing slows it down.", "and scarves make no heat.", "."),
)


def answers(number, seed=0):
    """Sentences of an item's own words."""
    rng = random.Random(seed)
    return [" ".join(map(rng.choice, _PARTS)) for _ in range(number)]


TEXTS = answers(300)


@pytest.fixture(scope="module")
def student(small_students):
    text = KIND.learn_text(TextSources(TEXTS), BagOptions())
    network = KIND.build(text, 3, BagOptions())
    return replace(small_students["bag"], options=BagOptions(), text=text, network=network.eval())


def flags_of(student, texts, limits):
    flag, known = flagger(limits), Known(student.text.vocabulary)
    return [flag(found, known.count(found), 1.0) for found in map(words, texts)]


def test_few_are_flagged_and_odd_ones_are(student):
    limits = outlier_limits(TEXTS, student)
    for texts in (TEXTS, answers(300, 1)):
        found = flags_of(student, texts, limits)
        assert sum(map(bool, found)) <= 0.03 * len(texts)
    odd = {
        "unlike": [
            "Der Schal hält die Wärme von dem Eis ab, darum schmilzt es später",
            "asdf jklö asdf qwer uiop yxcv bnm",
            "qwertz",
            "My brother plays football every Saturday with his friends from school",
        ],
        "list": ["insulator scarves nothing sooner because without trapped longer insulator wrong"],
        "repeats": ["the ice melts first " * 4, "heat " * 9],
        "long": [" ".join(answers(9, 2))],
    }
    for wanted, texts in odd.items():
        assert flags_of(student, texts, limits) == [wanted] * len(texts), wanted


def test_limits_by_hand(student):
    limits = outlier_limits(TEXTS, student)
    number = np.array([len(words(text)) for text in TEXTS])
    assert limits.longest == np.ceil(1.2 * number.max())
    assert (limits.review, limits.prompt) == (0.0, ())
    usual, low, high = limits.known
    assert low < 0 < high
    known = np.array([Known(student.text.vocabulary).count(words(text)) for text in TEXTS])
    # All stands in many responses, so nothing is known for a response's own sake.
    assert usual == pytest.approx(known.sum() / number.sum(), abs=2e-3)
    off = (known - usual * number) / np.sqrt(number)
    assert np.mean(off < low - 0.01) <= 0.0075 <= np.mean(off < low + 0.5)
    assert np.mean(off > high + 0.01) <= 0.0025


def test_short_responses_are_no_measure_of_lists(student):
    # One long word brings many n-grams, and is no list of key words.
    short = ["insulator", "trapped", "without"] * 3
    assert outlier_limits([*TEXTS, *short], student).known[2] == pytest.approx(
        outlier_limits(TEXTS, student).known[2], abs=0.1
    )
    assert flags_of(student, short, outlier_limits(TEXTS, student)) == [""] * 9


def test_what_a_response_alone_makes_known_does_not_count(small_students):
    # Each word is in just as many responses as it has to be.
    texts = [f"word{at // 3} word{at // 3} word{at // 3}" for at in range(60)]
    options = BagOptions(gram=0)
    stage = KIND.learn_text(TextSources(texts), options)
    student = replace(small_students["bag"], options=options, text=stage)
    assert Known(stage.vocabulary).count(words(texts[0])) == 5
    assert outlier_limits(texts, student).known[0] == 0


@pytest.mark.parametrize("number", [0, 1, 19])
def test_nothing_is_said_of_few_responses(student, number):
    assert outlier_limits(TEXTS[:number], student) == Flags()
    assert outlier_limits([*TEXTS[:number], "", "?!"], student) == Flags()


def test_responses_too_short_to_repeat(student):
    limits = outlier_limits(["the ice melts", "wool"] * 20, student)
    assert limits.distinct == 0
    assert flagger(limits)(["x"] * 5, 5000, 1.0) == "long"


def test_other_students_count_no_n_grams(small_students):
    limits = outlier_limits(TEXTS, small_students["rnn"])
    assert limits.known == ()
    assert limits.longest > 0


def test_the_prompts_pairs():
    assert prompt_codes([]) == ()
    codes = prompt_codes(["The ice melts.", "the ICE cube"])
    wanted = {pair_code("the", "ice"), pair_code("ice", "melts"), pair_code("ice", "cube")}
    assert codes == tuple(sorted(wanted))
