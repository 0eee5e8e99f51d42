"""TinyBERT's architecture as a student: what the small students are compared with.

4 layers, 312 wide, 14.5 M parameters with BERT's vocabulary (Jiao et al. 2020, "TinyBERT:
Distilling BERT for Natural Language Understanding"), trained here from the start.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification

from kd_edge.students.base import Recipe, TextSources
from kd_edge.students.student import Network
from kd_edge.students.tokens import TokenKind, TokenText, ready
from kd_edge_runtime.errors import InputError


@dataclass(frozen=True)
class TransformerOptions:
    """How large a transformer student is; the defaults are TinyBERT's.

    Attributes:
        layers: number of layers.
        width: numbers for a token.
        heads: attention heads.
        inner: numbers in the middle of a layer.
        longest: tokens after which a response is cut, at most 512.
        dropout: share set to zero in training.
    """

    layers: int = 4
    width: int = 312
    heads: int = 12
    inner: int = 1200
    longest: int = 192
    dropout: float = 0.1


class TransformerNetwork(Network):
    """The network of a transformer student of K classes."""

    def __init__(self, tokens: int, classes: int, options: TransformerOptions) -> None:
        super().__init__()
        self.bert = BertForSequenceClassification(
            BertConfig(  # type: ignore[call-arg]  # transformers hides its keywords
                vocab_size=tokens,
                num_hidden_layers=options.layers,
                hidden_size=options.width,
                num_attention_heads=options.heads,
                intermediate_size=options.inner,
                hidden_dropout_prob=options.dropout,
                attention_probs_dropout_prob=options.dropout,
                num_labels=classes,
                max_position_embeddings=512,
            )
        )

    @property
    def last(self) -> torch.nn.Linear:
        """See `Network`."""
        return self.bert.classifier

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits [B, K] from ids and mask [B, T]."""
        logits: torch.Tensor = self.bert(input_ids=ids, attention_mask=mask).logits
        return logits


class TransformerKind(TokenKind):
    """The registered kind; see `Kind`."""

    name = runs_as = "transformer"
    options_type = TransformerOptions
    recipe = Recipe(3e-4, epochs=5, batch_size=32, least_steps=600, clip=1.0)
    holds = "A transformer's vocabulary is that of a public language model."
    needs_teacher = True

    def learn_text(self, sources: TextSources, options: TransformerOptions) -> TokenText:
        """See `Kind`: the teacher's tokenizer."""
        file = None if sources.teacher is None else sources.teacher / "tokenizer.json"
        if file is None or not file.is_file():
            raise InputError("a transformer student needs the teacher's folder for its tokenizer")
        tokenizer = Tokenizer.from_file(str(file))
        return TokenText(ready(tokenizer, tokenizer.token_to_id("[PAD]") or 0, options.longest))

    def build(
        self, text: TokenText, classes: int, options: TransformerOptions
    ) -> TransformerNetwork:
        """See `Kind`."""
        return TransformerNetwork(text.tokenizer.get_vocab_size(), classes, options)


KIND = TransformerKind()
