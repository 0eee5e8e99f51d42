"""A tiny teacher and a tiny item, made offline: for tests only."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kd_edge.data.responses import Item, Row, Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest
    import torch

    from kd_edge.teacher.options import TeacherOptions

_FILLERS = (
    *("the", "a", "of", "and", "we", "they", "it", "water", "ice", "cup", "lamp", "table"),
    *("long", "red", "blue", "cold", "warm", "then", "after", "put", "see", "look", "more"),
)
_CREDIT = ("vinegar", "mass")  # a point for each


def tiny_teacher(folder: Path, classes: int | None = None, seed: int = 0) -> Path:
    """Make a model folder: a random BERT, 2 layers, 32 wide, with a word tokenizer.

    With `classes` it is a sequence classifier with so many labels, else a bare encoder.
    """
    import torch
    import transformers
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    from kd_edge.teacher.classifier import quiet

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocabulary = {word: place for place, word in enumerate([*special, *_FILLERS, *_CREDIT])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        if classes is None:
            model = transformers.BertModel(config)
        else:
            config.num_labels = classes
            model = transformers.BertForSequenceClassification(config)
        model.save_pretrained(folder)
        transformers.PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            model_max_length=64,
            pad_token="[PAD]",
            unk_token="[UNK]",
            cls_token="[CLS]",
            sep_token="[SEP]",
        ).save_pretrained(folder)
    return folder


def untrained_teacher(
    folder: Path, model: Path, classes: Sequence[str], *, pairs: bool = False
) -> Path:
    """Fill a folder with a teacher that nobody has fine-tuned, as one that was; it is returned.

    With `pairs` it reads a reference answer beside each response, as one of many items together.
    """
    from kd_edge.teacher import classifier
    from kd_edge.teacher.card import TeacherCard

    teacher = classifier.build(model, classes, 192, 0)
    card = TeacherCard(
        classes=tuple(classes),
        numeric=True,
        max_length=192,
        base="tiny",
        base_revision=None,
        base_sha256="",
        options={"pairs": True} if pairs else {},
        validation_ids=(),
        best_epoch=0,
        history=(),
    )
    folder.mkdir(exist_ok=True)
    classifier.save(teacher, card, folder)
    return folder


def tiny_item(rows: int = 60, seed: int = 0, scale: Scale | None = None) -> Item:
    """Make an item whose score is the number of credited words, 0 to 2."""
    rng = random.Random(seed)
    made = []
    for place in range(rows):
        score = place % 3
        words = rng.choices(_FILLERS, k=rng.randint(3, 9)) + rng.sample(_CREDIT, score)
        rng.shuffle(words)
        text = " ".join(words).capitalize() + "."
        made.append(Row(f"r{place:03d}", "tiny", text, score=score, split="train"))
    return Item("tiny", scale or Scale.from_range(0, 2), tuple(made), prompt="What is missing?")


def teacher_weights(folder: Path) -> dict[tuple[str, str], torch.Tensor]:
    """All numbers of a teacher, by file and name."""
    from safetensors.torch import load_file

    return {
        (file, name): value
        for file in ("model.safetensors", "head.safetensors")
        if (folder / file).exists()
        for name, value in load_file(folder / file).items()
    }


def same_teacher(first: Path, second: Path) -> bool:
    """Whether two teachers have the very same numbers."""
    import torch

    a, b = teacher_weights(first), teacher_weights(second)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def tiny_options(model: Path, **options: Any) -> TeacherOptions:
    """Options that fine-tune the tiny model in little time, by default in fp32 on the CPU."""
    from kd_edge.teacher.options import TeacherOptions

    usual = {"learning_rate": 3e-3, "head_learning_rate": 1e-2, "batch_size": 8}
    where = {"precision": "fp32", "device": "cpu"}
    return TeacherOptions(**{"model": str(model), **usual, **where, **options})


def press_ctrl_c(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Have a fine-tuning stopped before this optimizer step."""
    from kd_edge.teacher import training_run

    def set_step(optimizer: torch.optim.Optimizer, at: int, total: int) -> None:
        if at == step:
            raise KeyboardInterrupt
        original(optimizer, at, total)

    original = training_run.set_step
    monkeypatch.setattr(training_run, "set_step", set_step)
