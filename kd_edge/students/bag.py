"""The default student: a bag of n-grams.

Each known n-gram has a vector of a few dimensions; a response is the sum of its n-grams'
vectors over the square root of their number, then a ReLU and a linear layer. The text
stage and the n-gram tables are the runtime's, so that training sees what devices see.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from kd_edge.students.base import Network
from kd_edge_export.quantize import integers
from kd_edge_runtime.text.counts import Counter, Counts
from kd_edge_runtime.text.rules import words
from kd_edge_runtime.text.vocabulary import (
    MAX_WORD,
    MAX_WORDS,
    BagVocabulary,
    code_array,
    grams,
    hash_gram,
    hash_word,
)

# Numbers in a vector where nobody says, and those of all vectors together.
_FEWEST, _MOST, _NUMBERS = 8, 24, 28_000


@dataclass(frozen=True)
class BagOptions:
    """How large a bag student is, and what it sees.

    Attributes:
        ngrams: most n-grams in the vocabulary, V.
        dimensions: numbers in the vector of an n-gram, D.
        gram: length of the character runs within a word; 0 for none.
        min_responses: an n-gram must stand in at least this many responses. Besides helping
            the student, this keeps what a single student wrote out of the bundle.
        ngram_dropout: share of the n-grams hidden from the network at each step of training.
        dropout: share of the hidden numbers set to zero at each step of training.
        penalty: weight of the squared table in the loss.
        bits: of a number of the table, 2 to 8. The network is trained in these numbers
            (Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
            Integer-Arithmetic-Only Inference"), so that what devices hold is what was learnt.
            32 trains in floats.
    """

    ngrams: int = 3500
    dimensions: int = _FEWEST
    gram: int = 4
    min_responses: int = 3
    ngram_dropout: float = 0.3
    dropout: float = 0.1
    penalty: float = 3e-5
    bits: int = 8


def dimensions_for(ngrams: int) -> int:
    """How many numbers an n-gram's vector has where nobody says.

    Few responses share few n-grams, and a student of some hundreds of them has room for longer
    vectors: it then comes nearer to its teacher (`benchmarks/README.md`).

    Args:
        ngrams: V > 0.

    Returns:
        As many as keep the table within 28,000 numbers, at least 8 and at most 24.
    """
    return min(max(_NUMBERS // ngrams, _FEWEST), _MOST)


def choose_vocabulary(texts: Sequence[str], options: BagOptions) -> BagVocabulary:
    """The n-grams that most responses share.

    Args:
        texts: the responses to learn from; variants of them add no n-gram worth knowing.
        options: how many, and of what kinds.

    Returns:
        A vocabulary of at most `options.ngrams`. A pair's words are always among the words,
        since no pair is in more responses than its words are.
    """
    word_tally: Tally[str] = Tally()
    pair_tally: Tally[tuple[str, str]] = Tally()
    gram_tally: Tally[str] = Tally()
    for text in texts:
        found = [word[:MAX_WORD] for word in words(text)]
        word_tally.update(set(found))
        pair_tally.update(set(zip(found, found[1:], strict=False)))
        gram_tally.update({gram for word in set(found) for gram in grams(word, options.gram)})
    # Ties go to words first, so that every chosen pair finds its words chosen.
    ranked = sorted(
        (-count, kind, key)
        for kind, tally in enumerate((word_tally, gram_tally, pair_tally))
        for key, count in tally.items()
        if count >= options.min_responses
    )[: min(options.ngrams, MAX_WORDS)]
    chosen: list[list[object]] = [[], [], []]
    for _, kind, key in ranked:
        chosen[kind].append(key)
    word_codes = sorted({hash_word(word) for word in chosen[0]})
    place = {code: at for at, code in enumerate(word_codes)}
    pairs = {place[hash_word(a)] << 16 | place[hash_word(b)] for a, b in chosen[2]}
    return BagVocabulary(
        gram=options.gram,
        words=code_array(word_codes),
        grams=code_array(sorted({hash_gram(gram) for gram in chosen[1]})),
        pairs=code_array(sorted(pairs)),
    )


class BagText:
    """The text stage of a bag.

    Args:
        vocabulary: the n-grams it knows.
    """

    def __init__(self, vocabulary: BagVocabulary) -> None:
        self.vocabulary = vocabulary
        self._counter = Counter(vocabulary)

    def encode(self, texts: Sequence[str], _questions: Sequence[str] = ()) -> EncodedCounts:
        """See `TextStage`."""
        return EncodedCounts(self._counter.count(texts))


class EncodedCounts:
    """Responses as n-gram counts.

    Args:
        counts: from the runtime's counter.
    """

    padded = False

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def __len__(self) -> int:
        return len(self._counts)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """See `Encoded`."""
        return np.diff(self._counts.starts)

    def batch(self, index: npt.NDArray[np.int64]) -> tuple[torch.Tensor, ...]:
        """Rows of the table [total], where each response starts [B], and its scale [B]."""
        counts = self._counts.take(index)
        return (
            torch.from_numpy(counts.rows.astype(np.int64)),
            torch.from_numpy(counts.starts[:-1]),
            torch.from_numpy(counts.scale()),
        )


class BagNetwork(Network):
    """The network of a bag student.

    Args:
        ngrams: size of the vocabulary, V.
        classes: K.
        options: dimensions and dropout.
    """

    def __init__(self, ngrams: int, classes: int, options: BagOptions) -> None:
        super().__init__()
        self.options = options
        self.table = torch.nn.Parameter(torch.randn(ngrams, options.dimensions) * 0.1)
        self.bias = torch.nn.Parameter(torch.zeros(options.dimensions))
        self.head = torch.nn.Linear(options.dimensions, classes)

    def forward(
        self, rows: torch.Tensor, starts: torch.Tensor, scale: torch.Tensor
    ) -> torch.Tensor:
        """Logits [B, K]; see `EncodedCounts.batch` for the inputs."""
        hidden = torch.relu(self.sums(rows, starts) * scale[:, None] + self.bias)
        return self.head(functional.dropout(hidden, self.options.dropout, self.training))

    def sums(self, rows: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        """The sum of each response's rows of the table, some left out in training; [B, D]."""
        kept = None
        if self.training and self.options.ngram_dropout:
            share = 1 - self.options.ngram_dropout
            kept = torch.empty(rows.shape).bernoulli_(share) / share
        return functional.embedding_bag(
            rows, self._held(), starts, mode="sum", per_sample_weights=kept
        )

    def _held(self) -> torch.Tensor:
        """The table as devices hold it; gradients pass as if it were the table itself."""
        if self.options.bits > 8:
            return self.table
        whole, scale = integers(self.table.detach().numpy(), self.options.bits)
        held = torch.from_numpy(whole * scale)
        return held + (self.table - self.table.detach()) if self.training else held

    def penalty(self) -> torch.Tensor:
        """See `Network`."""
        return self.options.penalty * self.table.square().sum()
