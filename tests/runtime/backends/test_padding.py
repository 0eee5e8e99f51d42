"""Token ids as one array."""

from __future__ import annotations

import numpy as np

from kd_edge_runtime.backends.padding import padded


def test_shorter_responses_are_padded_on_the_right():
    ids, mask = padded([[5, 6, 7], [], [8]], 9)
    assert ids.tolist() == [[5, 6, 7], [9, 9, 9], [8, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [0, 0, 0], [1, 0, 0]]
    assert ids.dtype == mask.dtype == np.int64


def test_without_any_token_there_is_one_of_padding():
    ids, mask = padded([[], []], 3)
    assert (ids.tolist(), mask.tolist()) == ([[3], [3]], [[0], [0]])
