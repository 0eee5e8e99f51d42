"""Responses as points."""

from __future__ import annotations

import numpy as np
import pytest

from kd_edge.suggest.points import points

VECTORS = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
TEXTS = ["wool keeps heat", "wool keeps cold", "the ice melts", "the ice melts fast", "no", "why"]


def _distance(places, one, other):
    return np.linalg.norm(places[one] - places[other])


def test_words_bring_responses_together():
    same = np.ones((6, 4)) + VECTORS * 1e-3
    alike = points(np.tile(VECTORS[:1], (6, 1)), TEXTS, 0)
    assert _distance(alike, 2, 3) < _distance(alike, 2, 0)
    assert points(same, TEXTS, 0).shape == alike.shape


def test_meaning_and_length_count_too():
    words = ["ice"] * 3 + ["ice " * 40] * 3
    places = points(VECTORS, words, 0)
    assert _distance(places, 0, 1) > 0.1
    flat = points(np.tile(VECTORS[:1], (6, 1)), words, 0)
    assert _distance(flat, 0, 1) == pytest.approx(0, abs=1e-6)
    assert _distance(flat, 0, 3) > 0.5


def test_the_seed_gives_the_same_points():
    assert np.array_equal(points(VECTORS, TEXTS, 3), points(VECTORS, TEXTS, 3))


@pytest.mark.parametrize("texts", [["ice"], ["?", "!"], ["冰", "火", ""]])
def test_texts_without_a_common_word_have_points_too(texts):
    found = points(VECTORS[: len(texts)], texts, 0)
    assert len(found) == len(texts)
    assert np.isfinite(found).all()
