"""Decoder-only language models, out of which no student is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kd_edge.teacher.card import read_card
from kd_edge.teacher.families import is_decoder
from kd_edge_runtime.errors import InputError


def refuse_decoder(config: Any) -> None:
    """Refuse a language model by its transformers configuration, before it is loaded.

    Raises:
        InputError: it is a decoder-only one.
    """
    if is_decoder(config):
        raise _uncut(config.model_type)


def refuse_decoder_teacher(folder: Path) -> None:
    """Refuse a finished teacher by its card, before it is loaded.

    Raises:
        InputError: it is a decoder-only one, or none.
    """
    card = read_card(folder)
    if card.prompt is not None:  # which decoders alone read
        raise _uncut(card.base)


def _uncut(name: str) -> InputError:
    return InputError(
        f"a transformer student cannot be cut out of a decoder-only teacher ({name}): its tokens "
        "see only those before them, so that all of its layers are needed to read a response, and "
        "it reads it in a prompt. Choose a student that learns from its soft labels alone "
        "(--student bag or rnn), or an encoder such as BERT, RoBERTa, DeBERTa or MiniLM as teacher"
    )
