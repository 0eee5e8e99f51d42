"""Limits of bytes and time, and the error where nothing is within them."""

from __future__ import annotations

import pytest

from kd_edge.size_search.tried import SLACK, Limits, TooSmallError, Tried

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
    assert said.endswith("takes 0.02 ms a response on this machine")
