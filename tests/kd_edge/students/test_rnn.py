"""The RNN student's network."""

from __future__ import annotations

import numpy as np
import torch

from kd_edge.students.rnn import RnnNetwork, RnnOptions
from kd_edge.students.tokens import EncodedTokens

OPTIONS = RnnOptions(embedding=4, hidden=5)


def _network(options=OPTIONS, seed=0):
    torch.manual_seed(seed)
    return RnnNetwork(20, 3, options).eval()


def _padded(ids, width):
    row = torch.zeros((1, width), dtype=torch.int64)
    row[0, : len(ids)] = torch.tensor(ids, dtype=torch.int64)
    return row, (torch.arange(width)[None] < len(ids)).long()


def test_padding_changes_nothing():
    network = _network()
    for ids in ([7], [3, 9, 2, 15], [1, 1]):
        plain = network(*_padded(ids, len(ids)))
        for width in (len(ids) + 1, 40):
            assert torch.allclose(network(*_padded(ids, width)), plain, atol=1e-6)


def test_a_batch_is_what_each_response_is_by_itself():
    network = _network()
    encoded = EncodedTokens([[3, 9, 2], [], [5] * 30, [7]])
    together = network(*encoded.batch(np.arange(4)))
    for at in range(4):
        alone = network(*encoded.batch(np.array([at])))[0]
        assert torch.allclose(together[at], alone, atol=1e-6)


def test_an_empty_response_is_one_pad():
    network = _network()
    empty = network(*_padded([], 1))
    assert torch.isfinite(empty).all()
    assert torch.allclose(network(*_padded([], 6)), empty, atol=1e-6)
    assert torch.allclose(network(torch.zeros((1, 1), dtype=torch.int64),
                                  torch.ones((1, 1), dtype=torch.int64)), empty)  # fmt: skip


def test_both_ends_of_a_response_count():
    network = _network()
    plain = network(*_padded([3, 9, 2, 15], 8))
    for other in ([4, 9, 2, 15], [3, 9, 2, 16], [15, 2, 9, 3]):
        assert not torch.allclose(network(*_padded(other, 8)), plain, atol=1e-4)


def test_pooling_is_mean_and_greatest():
    # The same states, worked out one by one with the GRU alone.
    network, ids = _network(), [3, 9, 2]
    states = network.gru(network.embedding(torch.tensor([ids])))[0][0]
    pooled = torch.cat((states.mean(0), states.max(0).values))
    assert torch.allclose(network(*_padded(ids, 9))[0], network.head(pooled), atol=1e-6)


def test_dropout_is_for_training():
    batch = _padded([3, 9, 2], 5)
    network = _network()
    assert torch.equal(network(*batch), network(*batch))
    assert not torch.equal(network.train()(*batch), network(*batch))
    still = _network(RnnOptions(embedding=4, hidden=5, dropout=0.0)).train()
    assert torch.equal(still(*batch), still(*batch))


def test_the_default_is_as_small_as_the_papers():
    network = RnnNetwork(1202, 4, RnnOptions())
    assert 20_000 < sum(part.numel() for part in network.parameters()) < 30_000
    assert network.penalty().item() == 0.0
