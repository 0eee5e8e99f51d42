"""What differs between families of language models: how they read, and where LoRA adapts them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kd_edge.files import read_json

_GATED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_BERT = ("query", "key", "value")

# The linear layers that LoRA adapts, by transformers' model type. Of decoders all in every layer
# (Dettmers et al. 2023, "QLoRA", section 4, found that this alone matches full fine-tuning).
_DECODERS = {
    "llama": _GATED,
    "mistral": _GATED,
    "qwen2": _GATED,
    "qwen3": _GATED,
    "gemma": _GATED,
    "gemma2": _GATED,
    "gemma3_text": _GATED,
    "phi3": ("qkv_proj", "o_proj", "gate_up_proj", "down_proj"),
    "gpt2": ("c_attn", "c_proj", "c_fc"),
}
_ENCODERS = {
    "bert": _BERT,
    "electra": _BERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
    "camembert": _BERT,
    "mpnet": ("attn.q", "attn.k", "attn.v"),
    "distilbert": ("q_lin", "k_lin", "v_lin"),
    "deberta-v2": ("query_proj", "key_proj", "value_proj"),
    "modernbert": ("Wqkv", "Wo"),
}
_DECODER_RANK, _ENCODER_RANK = 16, 8

ALL_LINEAR = "all-linear"
"""What peft calls every linear layer but the head's."""


@dataclass(frozen=True)
class Adapted:
    """Where LoRA adapts a family, unless the user says otherwise.

    Attributes:
        rank: of the matrices, >= 1.
        targets: names of linear layers, or `ALL_LINEAR`.
    """

    rank: int
    targets: tuple[str, ...] | str


def is_classifier(config: Any) -> bool:
    """Whether a transformers configuration is that of a sequence classifier."""
    return _architecture(config).endswith("ForSequenceClassification")


def is_decoder(config: Any) -> bool:
    """Whether a transformers configuration is that of a decoder-only language model.

    Its tokens see those before them only, so that the last one stands for the text.
    """
    if config.model_type in _ENCODERS:
        return False
    decoder = not getattr(config, "is_encoder_decoder", False)
    generates = _architecture(config).endswith("ForCausalLM")
    return config.model_type in _DECODERS or (decoder and generates)


def reads_prompts(folder: Path) -> bool:
    """Whether the language model in a folder is a decoder, without loading it."""
    try:
        values = read_json(folder / "config.json")
        names = ("model_type", "architectures", "is_encoder_decoder")
        return is_decoder(SimpleNamespace(**{name: values.get(name) for name in names}))
    except (OSError, ValueError, AttributeError, TypeError):
        return False  # transformers says what is wrong with it


def adapted(config: Any) -> Adapted:
    """Where LoRA adapts models of this transformers configuration."""
    rank = _DECODER_RANK if is_decoder(config) else _ENCODER_RANK
    targets = {**_DECODERS, **_ENCODERS}.get(config.model_type, ALL_LINEAR)
    return Adapted(rank, targets)


def _architecture(config: Any) -> str:
    names = config.architectures or [""]
    return str(names[0])
