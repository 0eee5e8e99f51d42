from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kd_edge.data.readers.scales import known_orders
from kd_edge.data.readers.scales.known_orders import known_order

ORDERS = """
Incorrect, Partially correct, Correct
WRONG, partly_right, Right
poor, fair, good, very-good, Excellent
F, D-, D, C+, B, A-, A, A+
fail, pass, merit, distinction
FALSE, TRUE
no, partial, yes
below, meets, exceeds
novice, developing, proficient, advanced
Strongly disagree, disagree, neutral, agree, strongly agree
never, rarely, sometimes, often, always
Level 1, Level 2, Level 10
1 star, 3 stars
i, ii, iii, iv
one, two, three
falsch, teilweise richtig, richtig
ungenügend, mangelhaft, ausreichend, befriedigend, gut, sehr gut
nicht erfüllt, teilweise erfüllt, erfüllt
faux, partiellement correct, correct
non acquis, en cours d'acquisition, acquis
incorrecto, parcialmente correcto, correcto
insuficiente, suficiente, notable, sobresaliente
yanlış, kısmen doğru, doğru
✗, ✓
*, **, ***
U, G, A, A*
none, half, full
"""


@pytest.mark.parametrize("line", ORDERS.strip().splitlines())
def test_an_order_is_known_from_any_part_of_it(line):
    words = tuple(line.split(", "))
    for size in range(2, len(words) + 1):
        for part in itertools.islice(itertools.combinations(words, size), 20):
            mixed = random.Random(line).sample(part, size)
            order = known_order(mixed)
            assert order == part or order == tuple(word.lower() for word in part)


@pytest.mark.parametrize(
    "words",
    [
        ("red", "blue"),
        ("good", "blue"),
        ("A", "B", "H"),
        ("wrong", "incorrect", "right"),  # which of two words for the same is lower?
        ("Level 1", "Stufe 1"),
        ("A", "good"),
        (),
    ],
)
def test_what_has_no_known_order(words):
    assert known_order(words) is None


def test_semeval_and_whole_scales_keep_the_names_they_have():
    assert known_order(["correct", "INCORRECT"]) == ("incorrect", "correct")
    assert known_order(["High", "low"]) == ("low", "medium", "high")


def test_no_two_orders_contradict_each_other():
    seen: dict[tuple[str, str], int] = {}
    for number, ranks in enumerate(known_orders._ranks()):
        for low, high in itertools.permutations(ranks, 2):
            if ranks[low] < ranks[high]:
                assert (high, low) not in seen, (low, high, seen[high, low], number)
                seen[low, high] = number


@given(st.lists(st.text(max_size=8), max_size=4))
def test_the_words_stay_the_same(words):
    order = known_order(words)
    if order is not None and order not in known_orders._WHOLE_ORDERS:
        assert {word.casefold() for word in order} == {word.casefold() for word in words}
