"""Texts as padded batches of similar length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

# A response's length is moved by up to this many tokens before sorting, so that the batches
# differ from epoch to epoch and yet hold little padding.
_LENGTH_NOISE = 12.0


def encode(tokenizer: Any, texts: Sequence[str], max_length: int) -> list[list[int]]:
    """Turn texts into token ids.

    Args:
        tokenizer: a transformers tokenizer.
        texts: N texts.
        max_length: tokens kept of each text.

    Returns:
        N lists of 1 … max_length ids; a text without any token is one padding token.
    """
    if not texts:
        return []
    length = min(max_length, tokenizer.model_max_length)
    ids = tokenizer(list(texts), truncation=True, max_length=length)["input_ids"]
    return [row or [pad_id(tokenizer)] for row in ids]


def pad_id(tokenizer: Any) -> int:
    """The id to pad with; any will do where a tokenizer has none, since it is masked."""
    return tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0


def by_length(ids: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    """Group the indices 0 … N - 1 of N lists of ids by length, shortest first, `size` a batch."""
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    return [order[start : start + size] for start in range(0, len(order), size)]


def shuffled(lengths: Sequence[int], size: int, seed: int, epoch: int) -> list[list[int]]:
    """Group indices into batches of nearly the same length, in random order.

    A pure function of its arguments, so that a resumed run sees the batches of an
    uninterrupted one.

    Args:
        lengths: tokens of each of N texts.
        size: indices a batch, >= 1.
        seed: of the run.
        epoch: the epoch, from 0.

    Returns:
        Batches that hold each of 0 … N - 1 once.
    """
    rng = np.random.default_rng([seed, epoch])
    noisy = np.asarray(lengths) + rng.uniform(0.0, _LENGTH_NOISE, len(lengths))
    order = np.argsort(noisy, kind="stable").tolist()
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    return [batches[place] for place in rng.permutation(len(batches))]


def pad(
    ids: Sequence[Sequence[int]], batch: Sequence[int], fill: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad one batch.

    Args:
        ids: all texts' token ids.
        batch: the B indices to take.
        fill: the padding token's id.
        device: where the tensors go.

    Returns:
        Token ids and attention mask, each int64 [B, T].
    """
    rows = [torch.tensor(ids[i]) for i in batch]
    tokens = pad_sequence(rows, batch_first=True, padding_value=fill)
    mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
    return tokens.to(device), mask.to(device)
