"""The bag student: its vocabulary and its network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kd_edge.students.bag import BagNetwork, BagOptions, BagText, bag_arrays
from kd_edge.students.student import probabilities
from kd_edge.students.vocabulary import choose_vocabulary
from kd_edge_export.quantize import dequantized, quantize
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.students.bag import BagStudent
from kd_edge_runtime.text import NEW_RULES, words_by
from kd_edge_runtime.text.vocabulary import MAX_WORDS, grams, hash_gram, hash_word
from workshop import SMALL, sentences

words = words_by(NEW_RULES)
TEXTS = sentences(40)
HARD = ("", "?!", "ice", "unknown", "ice " * 3000, "ICE melts, naïve 5%", "日本", "x" * 200)


def _network(size, classes=3, dimensions=8, seed=0):
    torch.manual_seed(seed)
    options = BagOptions(dimensions=dimensions)
    network = BagNetwork(size, classes, options)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape) * 0.4)
    return network.eval()


# The vocabulary


def test_what_is_in_enough_responses_is_known():
    texts = ["warm air", "warm air", "Warm ice ice ice", "cold ice"]
    found = choose_vocabulary(texts, BagOptions(gram=0, min_responses=2))
    assert set(found.words) == {hash_word(word) for word in ("warm", "air", "ice")}
    assert set(found.grams) == set()
    place = {code: at for at, code in enumerate(found.words)}
    assert list(found.pairs) == [place[hash_word("warm")] << 16 | place[hash_word("air")]]
    three = choose_vocabulary(texts, BagOptions(gram=0, min_responses=3))
    assert set(three.words) == {hash_word("warm")}, "ice stands thrice in one response"


def test_grams_are_those_inside_words():
    found = choose_vocabulary(["heat", "heats", "wheat"], BagOptions(gram=4, min_responses=3))
    assert set(found.grams) == {hash_gram("heat")}
    assert set(found.words) == set()


def test_the_commonest_are_chosen():
    texts = ["warm"] * 5 + ["warm air"] * 4 + ["ice"] * 3
    for size, known in ((1, ["warm"]), (2, ["warm", "air"]), (4, ["warm", "air", "ice"])):
        found = choose_vocabulary(texts, BagOptions(gram=0, ngrams=size))
        assert set(found.words) == {hash_word(word) for word in known}
        assert found.size == size
    assert len(found.pairs) == 1
    assert choose_vocabulary(texts, BagOptions(gram=0, ngrams=2)).sizes == [2, 0, 0]


_WORDS = st.text("abcd", min_size=1, max_size=5) | st.text(max_size=6) | st.just("x" * 45)


@given(
    st.lists(st.lists(_WORDS, max_size=12).map(" ".join), max_size=14),
    st.integers(1, 40),
    st.integers(0, 5),
    st.integers(1, 3),
)
def test_a_vocabulary_is_small_shared_and_whole(texts, ngrams, gram, min_responses):
    options = BagOptions(ngrams=ngrams, gram=gram, min_responses=min_responses)
    found = choose_vocabulary(texts, options)
    assert found.size <= ngrams
    # every pair names words that are there, and every table is one that a device reads
    assert type(found).from_bytes(found.to_bytes(), gram, found.sizes, found.rules) == found
    seen = [{hash_word(word) for word in words(text)} for text in texts]
    for code in found.words:
        assert sum(code in one for one in seen) >= min_responses
    runs = [{hash_gram(run) for word in words(text) for run in grams(word, gram)} for text in texts]
    for code in found.grams:
        assert sum(code in one for one in runs) >= min_responses
    pairs = [set(zip(map(hash_word, one), map(hash_word, one[1:]), strict=False))
             for one in map(words, texts)]  # fmt: skip
    for code in found.pairs:
        pair = (found.words[code >> 16], found.words[code & 0xFFFF])
        assert sum(pair in one for one in pairs) >= min_responses


def test_more_words_than_a_vocabulary_can_hold():
    many = [" ".join(f"w{number}" for number in range(MAX_WORDS + 50))]
    found = choose_vocabulary(many, BagOptions(ngrams=1 << 20, gram=0, min_responses=1))
    assert len(found.words) <= MAX_WORDS
    assert type(found).from_bytes(found.to_bytes(), 0, found.sizes, found.rules) == found


def test_no_text_is_in_the_vocabulary():
    data = choose_vocabulary(TEXTS, BagOptions()).to_bytes()
    assert not any(word.encode() in data for text in TEXTS for word in words(text)
                   if len(word) > 4)  # fmt: skip


# The network


@pytest.mark.parametrize("gram", [0, 4])
def test_the_network_is_that_of_a_device(gram):
    vocabulary = choose_vocabulary(TEXTS, BagOptions(ngrams=300, gram=gram, min_responses=2))
    network = _network(vocabulary.size)
    weights = quantize(bag_arrays(network))
    stage = BagText(vocabulary)
    texts = [*HARD, *TEXTS]
    exact = probabilities(network, stage, texts)
    device = np.array(PlainModel(BagStudent(vocabulary, weights)).probabilities(texts))
    assert np.abs(device - exact).max() < 1e-5
    # and what it holds is near the table that training moves, without being it
    network.options = BagOptions(bits=32)
    floats = probabilities(network, stage, texts)
    assert 0 < np.abs(device - floats).max() < 0.05


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_gradients_pass_the_rounding(bits):
    vocabulary = choose_vocabulary(TEXTS, BagOptions(ngrams=60))
    found = {}
    for held in (bits, 32):
        network = _network(vocabulary.size)
        network.options = BagOptions(bits=held, ngram_dropout=0, dropout=0)
        if held == 32:  # the same numbers, as floats
            network.table.data.copy_(torch.from_numpy(found["table"]))
        network.train()
        encoded = BagText(vocabulary).encode(TEXTS)
        network(*encoded.batch(np.arange(len(TEXTS)))).log_softmax(-1)[:, 0].sum().backward()
        found[held] = network.table.grad.clone()
        if held == bits:
            found["table"] = dequantized(quantize(bag_arrays(network), bits)).table
    assert found[bits].abs().max() > 0
    assert torch.allclose(found[bits], found[32], atol=1e-5)


def test_training_in_few_bits_beats_rounding_afterwards():
    """Two bits a number: what is learnt in them is better than what is rounded to them."""
    vocabulary = choose_vocabulary(TEXTS, BagOptions(ngrams=60))
    encoded = BagText(vocabulary).encode(TEXTS)
    wanted = torch.tensor([at % 3 for at in range(len(TEXTS))])
    batch = encoded.batch(np.arange(len(TEXTS)))
    losses = {}
    for bits in (2, 32):
        network = _network(vocabulary.size)
        network.options = BagOptions(bits=bits, ngram_dropout=0, dropout=0)
        network.train()
        steps = torch.optim.Adam(network.parameters(), lr=0.02)
        for _ in range(150):
            steps.zero_grad()
            torch.nn.functional.cross_entropy(network(*batch), wanted).backward()
            steps.step()
        network.options = BagOptions(bits=2)
        network.eval()
        losses[bits] = torch.nn.functional.cross_entropy(network(*batch), wanted).item()
    assert losses[2] < 0.8 * losses[32]


def test_an_example_by_hand():
    vocabulary = choose_vocabulary(["ice"] * 3, BagOptions(gram=0))
    network = _network(1, classes=2, dimensions=1)
    with torch.no_grad():
        network.table.fill_(3.0)
        network.bias.fill_(-1.0)
        network.head.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        network.head.bias.fill_(0.0)
    encoded = BagText(vocabulary).encode(["ice ice the ice ice", "", "none of it"])
    logits = network(*encoded.batch(np.array([0, 1, 2])))
    # four n-grams: 4 * 3 / sqrt(4) - 1 = 5; without any the bias alone, which the ReLU stops
    assert logits.tolist() == [[5.0, -5.0], [0.0, 0.0], [0.0, 0.0]]


def test_a_batch_is_what_each_response_is_by_itself():
    vocabulary = choose_vocabulary(TEXTS, BagOptions(ngrams=200))
    network, encoded = _network(vocabulary.size), BagText(vocabulary).encode(TEXTS)
    assert (len(encoded), encoded.padded) == (40, False)
    assert encoded.lengths.min() >= 0
    index = np.array([5, 0, 39, 5])
    together = network(*encoded.batch(index))
    for at, one in enumerate(index):
        alone = network(*encoded.batch(np.array([one])))[0]
        assert torch.allclose(together[at], alone, atol=1e-6)


def test_dropout_is_for_training():
    vocabulary = choose_vocabulary(TEXTS, BagOptions(ngrams=200))
    batch = BagText(vocabulary).encode(TEXTS).batch(np.arange(40))

    def differs(options):
        torch.manual_seed(0)
        network = BagNetwork(vocabulary.size, 3, options)
        still = torch.equal(network.eval()(*batch), network(*batch))
        assert still, "in evaluation nothing is left to chance"
        network.train()
        return not torch.equal(network(*batch), network(*batch))

    assert differs(BagOptions(ngram_dropout=0.3, dropout=0.0))
    assert differs(BagOptions(ngram_dropout=0.0, dropout=0.5))
    assert not differs(BagOptions(ngram_dropout=0.0, dropout=0.0))


def test_ngram_dropout_keeps_the_size_of_the_sum():
    vocabulary = choose_vocabulary(["ice"] * 3, BagOptions(gram=0))
    network = BagNetwork(1, 2, BagOptions(dimensions=1, ngram_dropout=0.4, dropout=0.0))
    with torch.no_grad():
        network.table.fill_(1.0)
        network.head.weight.fill_(1.0)
        network.head.bias.fill_(0.0)
    batch = BagText(vocabulary).encode(["ice " * 10_000]).batch(np.array([0]))
    torch.manual_seed(0)
    whole, some = network.eval()(*batch), network.train()(*batch)
    assert torch.allclose(some, whole, rtol=0.05)
    assert not torch.equal(some, whole)


def test_parameters_and_penalty():
    network = BagNetwork(60, 3, BagOptions(dimensions=SMALL["bag"]["dimensions"], penalty=0.5))
    assert sum(part.numel() for part in network.parameters()) == 60 * 3 + 3 + 3 * 3 + 3
    with torch.no_grad():
        network.table.fill_(2.0)
    assert network.penalty().item() == pytest.approx(0.5 * 4 * 180)
