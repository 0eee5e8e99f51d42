"""What a network is given at a time."""

from __future__ import annotations

import numpy as np
import torch

from kd_edge.students.student import Network, probabilities
from kd_edge.students.tokens import EncodedTokens

LENGTHS = [40, 3, 190, 5, 3, 12, 4, 41, 192, 2, 13, 0]


class _Text:
    def __init__(self, encoded):
        self.encoded = encoded

    def encode(self, *_):
        return self.encoded


class _Sums(Network):
    """The sum of each response's ids, and the sizes of its batches."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(1, 2)
        self.sizes = []

    def forward(self, ids, mask):
        self.sizes.append(tuple(ids.shape))
        sums = (ids * mask).sum(1, keepdim=True).float() / 1000
        return torch.cat((sums, -sums), 1)


def _given(encoded, size=64):
    network = _Sums()
    shares = probabilities(network, _Text(encoded), [""] * len(LENGTHS), batch_size=size)
    expected = torch.tensor([[n * 7 / 1000, -n * 7 / 1000] for n in LENGTHS]).softmax(-1)
    assert np.allclose(shares, expected.numpy(), atol=1e-6)
    assert sum(rows for rows, _ in network.sizes) == len(LENGTHS)
    return network.sizes


def test_responses_that_are_padded_share_a_batch_with_their_like():
    ids = [[7] * length for length in LENGTHS]
    sizes = _given(EncodedTokens(ids))
    assert sum(rows * width for rows, width in sizes) < 1.3 * sum(LENGTHS)
    assert len(sizes) < len(LENGTHS) / 2
    assert max(rows for rows, _ in _given(EncodedTokens(ids), size=2)) == 2


def test_others_share_it_with_any(monkeypatch):
    monkeypatch.setattr(EncodedTokens, "padded", False)
    assert len(_given(EncodedTokens([[7] * length for length in LENGTHS]))) == 1
