"""The paper's kind of student: a recurrent network over words.

A bidirectional GRU over word embeddings; its states' mean and greatest values over the
response go into a linear layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from kd_edge.students.base import Recipe
from kd_edge.students.student import Network, Student
from kd_edge.students.tokens import TokenKind, TokenText
from kd_edge_export.onnx import rnn


@dataclass(frozen=True)
class RnnOptions:
    """How large an RNN student is.

    Attributes:
        words: most words in its vocabulary.
        embedding: numbers for a word.
        hidden: numbers in the state of each direction.
        min_responses: at least this many responses, or students where it is known who wrote
            each, must share a word.
        longest: words after which a response is cut.
        dropout: share of the embeddings and of the pooled states set to zero in training.
    """

    words: int = 1200
    embedding: int = 14
    hidden: int = 20
    min_responses: int = 3
    longest: int = 400
    dropout: float = 0.2


class RnnNetwork(Network):
    """The network of an RNN student of K classes."""

    def __init__(self, words: int, classes: int, options: RnnOptions) -> None:
        super().__init__()
        self._dropout = options.dropout
        self.embedding = torch.nn.Embedding(words, options.embedding, padding_idx=0)
        self.gru = torch.nn.GRU(
            options.embedding, options.hidden, bidirectional=True, batch_first=True
        )
        self.head = torch.nn.Linear(4 * options.hidden, classes)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits [B, K] from ids and mask [B, T]."""
        # A response without a word is read as one pad, as the exported graph reads it.
        lengths = mask.sum(1).clamp(min=1)
        embedded = functional.dropout(self.embedding(ids), self._dropout, self.training)
        # Packed, so that the backward direction starts at the last word and not in the padding.
        packed = pack_padded_sequence(
            embedded, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = pad_packed_sequence(
            self.gru(packed)[0], batch_first=True, total_length=ids.shape[1]
        )
        inside = (torch.arange(ids.shape[1])[None] < lengths[:, None])[:, :, None]
        mean = states.sum(1) / lengths[:, None]
        greatest = states.masked_fill(~inside, -2.0).amax(1)  # states lie between -1 and 1
        pooled = torch.cat((mean, greatest), 1)
        logits: torch.Tensor = self.head(functional.dropout(pooled, self._dropout, self.training))
        return logits


class RnnKind(TokenKind):
    """The registered kind; see `Kind`."""

    name = runs_as = "rnn"
    options_type = RnnOptions
    recipe = Recipe(6e-3, epochs=10, batch_size=64, least_steps=1000, clip=1.0)
    holds = (
        "An rnn holds no response. Its vocabulary holds single words as they are, for anybody to "
        "read: those that at least {} share."
    )

    def build(self, text: TokenText, classes: int, options: RnnOptions) -> RnnNetwork:
        """See `Kind`."""
        return RnnNetwork(text.tokenizer.get_vocab_size(), classes, options)

    def graph(self, student: Student, vectorizer_sha256: str) -> bytes:
        """See `TokenKind`."""
        state = {name: part.numpy() for name, part in student.network.state_dict().items()}
        return rnn.onnx_fp32(state, student.item_id, vectorizer_sha256)


KIND = RnnKind()
