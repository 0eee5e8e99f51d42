"""Limits of bytes and time, and the error where nothing is within them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kd_edge.size_search.tried import SLACK, Limits, TooSmallError, Tried, Untrained
from kd_edge.students.registry import BOTH

BAG = Tried(700, 4, 4, 2_824, 8_100, 0.838, 0.715, False, 0.02)
CUT = Tried(0, 0, 0, 4_400_000, 4_500_000, 0.84, 0.75, False, 1.5, "transformer", (0, 5))


def test_limits():
    assert Limits().hold(10**9, 1e6)
    assert Limits(8_100 + SLACK).hold(8_100, 1e6)
    assert not Limits(8_100 + SLACK - 1).hold(8_100, 0)
    assert Limits(ms=2).hold(10**9, 2)
    assert not Limits(ms=2).hold(1, 2.1)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (Limits(16_000), "16,000 bytes"),
        (Limits(ms=2), "2 ms a response"),
        (Limits(16_000, 0.5), "16,000 bytes and 0.5 ms a response"),
    ],
)
def test_limits_in_words(limits, text):
    assert str(limits) == text


def test_what_is_too_large_or_too_slow():
    said = str(TooSmallError(Limits(1_000, 1), [CUT, BAG]))
    assert said.startswith("no bundle fits into 1,000 bytes: the smallest that was tried takes")
    assert said.endswith("8,100 with 700 n-grams")
    assert "n-grams" not in str(TooSmallError(Limits(1_000), [CUT]))
    said = str(TooSmallError(Limits(9_000, 0.01), [BAG, CUT]))
    assert "within 9,000 bytes and 0.01 ms a response: the fastest that was tried" in said
    assert said.endswith("takes 0.02 ms a response on this machine (bag of 700 n-grams)")


def test_the_nearest_to_two_limits_is_the_fastest_that_is_small_enough():
    quick = replace(CUT, ms=0.015)
    said = str(TooSmallError(Limits(9_000, 0.01), [BAG, quick]))
    assert "takes 0.02 ms" in said


def test_what_was_not_trained_is_named_where_nothing_was():
    least = Untrained((0,), 2_300_000)
    said = str(TooSmallError(Limits(16_000), (), [Untrained((0, 5), 4_100_000), least]))
    assert said == (
        "no bundle fits into 16,000 bytes: the smallest takes about 2,300,000 (transformer of "
        "layer 0)"
    )
    said = str(TooSmallError(Limits(ms=0.1), (), [Untrained((0,), 2_300_000, 1.25)]))
    assert "the fastest that was tried takes 1.25 ms" in said
    assert TooSmallError(Limits(16_000), (), [least]).untrained == (least,)


def test_names():
    assert BAG.name == "bag of 700 n-grams"
    assert CUT.name == "transformer of layers 0, 5"
    assert replace(CUT, student=BOTH, ngrams=700).name == "bag with a transformer of layers 0, 5"
    assert Untrained((3,), 1).name == "transformer of layer 3"
