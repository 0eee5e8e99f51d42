"""Decoder-only language models, out of which no student is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kd_edge.students.uncut import Uncut
from kd_edge.teacher.card import read_card
from kd_edge.teacher.families import is_decoder
from kd_edge_runtime.errors import InputError


def refuse_decoder(config: Any, uncut: Uncut) -> None:
    """Refuse a language model by its transformers configuration, before it is loaded.

    Args:
        config: the configuration.
        uncut: what student was to be cut out of it.

    Raises:
        InputError: it is a decoder-only one.
    """
    if is_decoder(config):
        raise _error(config.model_type, uncut)


def refuse_decoder_teacher(folder: Path, uncut: Uncut) -> None:
    """Refuse a finished teacher by its card, before it is loaded; see `refuse_decoder`.

    Raises:
        InputError: it is a decoder-only one, or none.
    """
    card = read_card(folder)
    if card.prompt is not None:  # which decoders alone read
        raise _error(card.base, uncut)


def _error(name: str, uncut: Uncut) -> InputError:
    return uncut.error(
        f"a decoder-only teacher ({name})",
        "its tokens see only those before them, so that all of its layers are needed to read a "
        "response, and it reads it in a prompt",
    )
