"""The transformer student's network."""

from __future__ import annotations

import numpy as np
import torch

from kd_edge.students.tokens import EncodedTokens
from kd_edge.students.transformer import TransformerNetwork, TransformerOptions
from workshop import SMALL

OPTIONS = TransformerOptions(**SMALL["transformer"])


def _network():
    torch.manual_seed(0)
    return TransformerNetwork(30, 3, OPTIONS).eval()


def test_padding_changes_nothing():
    network = _network()
    encoded = EncodedTokens([[2, 9, 8, 3], [2, 3], [2, *[5] * 20, 3]])
    together = network(*encoded.batch(np.arange(3)))
    assert together.shape == (3, 3)
    for at in range(3):
        alone = network(*encoded.batch(np.array([at])))[0]
        assert torch.allclose(together[at], alone, atol=1e-5)


def test_dropout_is_for_training():
    batch = EncodedTokens([[2, 9, 8, 3]]).batch(np.array([0]))
    network = _network()
    assert torch.equal(network(*batch), network(*batch))
    assert not torch.equal(network.train()(*batch), network(*batch))


def test_the_default_is_tinyberts_architecture():
    # TinyBERT-4 with BERT's vocabulary of 30,522 has 14.5 M parameters in the paper.
    with torch.device("meta"):
        network = TransformerNetwork(30_522, 2, TransformerOptions())
    assert 14.3e6 < sum(part.numel() for part in network.parameters()) < 14.7e6
