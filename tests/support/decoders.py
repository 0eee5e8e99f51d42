"""Tiny random decoder-only language models, with a byte-level tokenizer made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from kd_edge.teacher.language_model import quiet
from tiny import tiny_item

_SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 256,
}
_HEADS = {"head_dim": 8}
_WINDOW = {"sliding_window": 16}

DECODERS: dict[str, dict[str, Any]] = {
    "llama": {},
    "mistral": _WINDOW,
    "qwen2": {},
    "qwen3": _HEADS,
    "gemma": _HEADS,
    "gemma2": {**_HEADS, **_WINDOW, "query_pre_attn_scalar": 8},
    "gemma3_text": {**_HEADS, **_WINDOW, "query_pre_attn_scalar": 8},
    "phi3": {},
}
"""What the configuration of a family has besides sizes, by transformers' model type."""


def byte_tokenizer(pad: bool, first: bool = True) -> Any:
    """A tokenizer of byte pairs; with a padding token or without, with <s> before a text or not."""
    special = ["<s>", "</s>", *(["<pad>"] if pad else [])]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([row.text for row in tiny_item(60).rows], trainer)
    if first:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", 0)]
        )
    more = {"pad_token": "<pad>"} if pad else {}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        padding_side="left",  # as those of language models that generate
        **more,
    )


def tiny_decoder(
    folder: Path, family: str = "llama", *, pad: bool = False, classes: int | None = None
) -> Path:
    """Make a language model with random weights in a folder, which is returned.

    Args:
        folder: to be made.
        family: one of `DECODERS`.
        pad: whether its tokenizer has a padding token.
        classes: for a sequence classifier, the number of its labels.
    """
    tokenizer = byte_tokenizer(pad)
    special = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2 if pad else None}
    config = transformers.AutoConfig.for_model(
        family, **{"vocab_size": len(tokenizer), **special, **_SIZES, **DECODERS[family]}
    )
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        if classes is None:
            network = transformers.AutoModelForCausalLM.from_config(config)
        else:
            config.num_labels = classes
            network = transformers.AutoModelForSequenceClassification.from_config(config)
        network.float().save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder
