"""A language model's network and tokenizer, from its folder. No pickle is read, no code run."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from kd_edge.files import read_json
from kd_edge.teacher.families import is_classifier, is_decoder
from kd_edge_runtime.errors import InputError

# Without the word "False", transformers asks whether to run a folder's own code.
_SAFE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True)
class Loading:
    """How the weights of a language model are held in memory.

    Attributes:
        low: the floats of a decoder whose weights are not trained; None for fp32, which encoders
            always have.
        four_bit_on: the GPU on which a decoder's weights are held in 4 bits; None for floats.
    """

    low: torch.dtype | None = None
    four_bit_on: torch.device | None = None


IN_FP32 = Loading()


def load_language_model(
    folder: Path, classes: Sequence[str] | None, loading: Loading = IN_FP32
) -> tuple[Any, Any]:
    """Load a network and its tokenizer.

    Args:
        folder: the model's folder.
        classes: the classes of a classifier that starts from it, which a decoder always becomes;
            None for a network as it is.
        loading: how.

    Raises:
        InputError: transformers cannot load it, or this machine cannot hold it so.
    """
    import transformers

    options: dict[str, Any] = {**_SAFE, "use_safetensors": True}
    config = read_config(folder)
    decoder = is_decoder(config)
    if not is_classifier(config) and not (decoder and classes is not None):
        kind: Any = transformers.AutoModel
    else:
        kind = transformers.AutoModelForSequenceClassification
        if classes is not None:
            options |= _labels(classes)
    with quiet(), _plain_errors(folder):
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **_SAFE)
        if decoder and loading.four_bit_on is not None:
            backbone = kind.from_pretrained(folder, **options, **_four_bits(loading))
        else:
            low = (loading.low if decoder else None) or torch.float32
            backbone = kind.from_pretrained(folder, **options).to(low)
    if decoder and hasattr(backbone, "score"):
        backbone.score.float()
        _name_padding(backbone.config, tokenizer)
    return backbone, tokenizer


def load_tokenizer(folder: Path) -> Any:
    """Load the tokenizer of a language model.

    Raises:
        InputError: it cannot be loaded.
    """
    import transformers

    with quiet(), _plain_errors(folder):
        return transformers.AutoTokenizer.from_pretrained(folder, **_SAFE)


def read_config(folder: Path) -> Any:
    """The transformers configuration of a language model.

    Raises:
        InputError: transformers does not know it.
    """
    import transformers

    with quiet(), _plain_errors(folder):
        return transformers.AutoConfig.from_pretrained(folder, **_SAFE)


def check_four_bits(device: torch.device) -> None:
    """Refuse 4-bit weights where they cannot be.

    Raises:
        InputError: the device is no NVIDIA GPU, or bitsandbytes is not installed.
    """
    if device.type != "cuda" or torch.version.hip is not None:
        raise InputError(
            f"4-bit weights need an NVIDIA GPU, and the work is on '{device.type}': leave --4bit "
            "out, or name the GPU with --device cuda."
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise InputError(
            "4-bit weights need the package bitsandbytes, which is not installed. Install it with\n"
            "  pip install 'kd-edge[lora-4bit]'\n"
            "or leave --4bit out."
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' own logging and progress bars off the screen."""
    from transformers.utils import logging as untyped

    logging: Any = untyped
    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def _plain_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        if name := _own_code(folder):
            raise InputError(
                f"'{folder}' asks for code of its own ({name}: auto_map), and kd-edge runs no "
                "code of a model folder. Choose a model that transformers itself knows, such "
                "as BERT, RoBERTa, DeBERTa or MiniLM"
            ) from None
        raise InputError(
            f"'{folder}' holds no model that transformers can load ({type(error).__name__})."
        ) from error


def _own_code(folder: Path) -> str:
    """The file by which a model's folder asks for code of its own; "" if none does."""
    for name in ("config.json", "tokenizer_config.json"):
        try:
            described = read_json(folder / name)
        except (OSError, ValueError):
            continue  # transformers says what is wrong with it
        if isinstance(described, dict) and described.get("auto_map"):
            return name
    return ""


def _four_bits(loading: Loading) -> dict[str, Any]:
    """As in Dettmers et al. 2023, "QLoRA": NormalFloat, and the constants quantized too."""
    import transformers

    untyped: Any = transformers.BitsAndBytesConfig
    quantized = untyped(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=loading.low or torch.float32,
        llm_int8_skip_modules=["score"],  # the head is trained
    )
    return {"quantization_config": quantized, "device_map": {"": loading.four_bit_on}}


def _name_padding(config: Any, tokenizer: Any) -> None:
    """Give a tokenizer a padding token that the network knows, for it and for other tools.

    Nothing here depends on which: padding is masked, and the last token is found by the mask.
    Some tokenizers add one of their own to a vocabulary that has none, beyond the network's.
    """
    names = (tokenizer.pad_token, tokenizer.eos_token, tokenizer.unk_token, tokenizer.bos_token)
    ids = {name: tokenizer.convert_tokens_to_ids(name) for name in names if name is not None}
    known = [name for name, at in ids.items() if at is not None and at < config.vocab_size]
    tokenizer.pad_token = known[0] if known else None
    if known:
        config.pad_token_id = ids[known[0]]


def _labels(classes: Sequence[str]) -> dict[str, Any]:
    return {
        "num_labels": len(classes),
        "id2label": dict(enumerate(classes)),
        "label2id": {name: place for place, name in enumerate(classes)},
        "ignore_mismatched_sizes": True,  # a head for another number of classes is replaced
    }
