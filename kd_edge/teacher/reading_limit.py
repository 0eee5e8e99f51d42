"""How much of its responses a teacher reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kd_edge.data.responses import Item, Row
from kd_edge.teacher.language_model import load_tokenizer, quiet
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.source import resolve
from kd_edge.training.doubts import Doubt, cut_doubts, row_doubts


def training_doubts(
    item: Item,
    item_id: str,
    rows: Sequence[Row],
    held_out: Sequence[Row],
    options: TeacherOptions,
) -> tuple[Doubt, ...]:
    """What is doubtful before a teacher is fine-tuned.

    Args:
        item: its scale gives the classes.
        item_id: what it is called, "" for all items together.
        rows: the scored rows to learn from, as the teacher reads them.
        held_out: those to choose by, likewise.
        options: its language model, and how much that reads.

    Raises:
        InputError: the model is not there.
    """
    tokenizer = load_tokenizer(resolve(options.model).folder)
    texts = [row.text for row in (*rows, *held_out)]
    most = min(options.max_length, tokenizer.model_max_length)
    return (
        *row_doubts(item_id, item.scale, rows, held_out),
        *cut_doubts(item_id, _lengths(tokenizer, texts), most),
    )


def _lengths(tokenizer: Any, texts: Sequence[str]) -> list[int]:
    if not texts:
        return []
    with quiet():  # which warns of texts that are too long
        return [len(ids) for ids in tokenizer(list(texts), truncation=False)["input_ids"]]
