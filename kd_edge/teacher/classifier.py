"""The teacher's network, and the folder that holds it. No pickle is written or read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from kd_edge.teacher.card import TeacherCard, read_card
from kd_edge.training.checkpoint import plain_tensor_errors, save_tensors
from kd_edge_runtime.errors import InputError

HEAD = "head.safetensors"
_DROPOUT = 0.1


class TeacherModel(nn.Module):
    """A language model that gives one logit a class.

    A model that is a sequence classifier keeps its own head. Any other gets mean
    pooling over the tokens, dropout and a linear layer.

    Args:
        backbone: the transformers model.
        tokenizer: its tokenizer.
        classes: number of classes K.
        max_length: tokens of a response that are read.
    """

    def __init__(self, backbone: Any, tokenizer: Any, classes: int, max_length: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.tokenizer = tokenizer
        self.classes = classes
        self.max_length = max_length
        self.dropout = nn.Dropout(_DROPOUT)
        self.head = (
            None
            if _is_classifier(backbone.config)
            else nn.Linear(backbone.config.hidden_size, classes)
        )

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score a batch.

        Args:
            tokens: token ids, int64 [B, T].
            mask: 1 for a token, 0 for padding, int64 [B, T]; at least one token a row.

        Returns:
            Logits, float32 [B, K], whatever the precision inside.
        """
        if self.head is None:
            output = self.backbone(input_ids=tokens, attention_mask=mask)
            classified: torch.Tensor = output.logits.float()
            return classified
        return self.with_vectors(tokens, mask)[0]

    def with_vectors(
        self, tokens: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """As `forward`, with what the last layer says of each response.

        Returns:
            Logits, float32 [B, K]; and the mean of the last layer's vectors over the tokens,
            float32 [B, D].
        """
        if self.head is None:
            output = self.backbone(input_ids=tokens, attention_mask=mask, output_hidden_states=True)
            return output.logits.float(), _mean(output.hidden_states[-1], mask)
        output = self.backbone(input_ids=tokens, attention_mask=mask)
        # In fp32 even under autocast: bfloat16 logits have 8 bits, too few for soft labels.
        with torch.autocast(tokens.device.type, enabled=False):
            pooled = _mean(output.last_hidden_state, mask)
            logits: torch.Tensor = self.head(self.dropout(pooled))
            return logits, pooled

    def parameter_groups(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """All parameters: those of the language model, and those of the head."""
        prefix = f"backbone.{self.backbone.base_model_prefix}."
        if self.head is not None:
            prefix = "backbone."
        body: list[nn.Parameter] = []
        head: list[nn.Parameter] = []
        for name, parameter in self.named_parameters():
            (body if name.startswith(prefix) else head).append(parameter)
        return body, head


def _mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean over the tokens that are there, in fp32 even under autocast; [B, D]."""
    with torch.autocast(states.device.type, enabled=False):
        weights = mask.unsqueeze(-1).float()
        return (states.float() * weights).sum(1) / weights.sum(1)


def build(folder: Path, classes: Sequence[str], max_length: int, seed: int) -> TeacherModel:
    """Build a teacher that is not fine-tuned yet.

    Args:
        folder: a language model's folder.
        classes: the K class names.
        max_length: tokens of a response to read.
        seed: of the weights of a new head.

    Returns:
        The model, in fp32 on the CPU.

    Raises:
        InputError: the folder's model cannot be loaded.
    """
    with torch.random.fork_rng(devices=[]):
        # Of the CPU alone: torch.manual_seed would reach every GPU, which nothing restores.
        torch.default_generator.manual_seed(seed)
        backbone, tokenizer = _load_parts(folder, tuple(classes))
        return TeacherModel(backbone, tokenizer, len(classes), max_length)


def save(model: TeacherModel, card: TeacherCard, folder: Path) -> None:
    """Write a teacher into a folder: weights, tokenizer, head and, last, teacher.json.

    Args:
        model: the fine-tuned model.
        card: what teacher.json says.
        folder: an existing folder.

    Raises:
        InputError: the files cannot be written.
    """
    with quiet(), plain_tensor_errors(folder):
        model.backbone.save_pretrained(folder)
        model.tokenizer.save_pretrained(folder)
    if model.head is not None:
        save_tensors(folder / HEAD, model.head.state_dict())
    card.write(folder)


def load_teacher(folder: Path) -> TeacherModel:
    """Load the teacher that `save` wrote; in fp32 on the CPU, ready to predict.

    Raises:
        InputError: the folder holds no finished teacher, or a damaged one.
    """
    card = read_card(folder)
    backbone, tokenizer = _load_parts(folder, None)
    model = TeacherModel(backbone, tokenizer, len(card.classes), card.max_length)
    if model.head is not None:
        try:
            model.head.load_state_dict(load_file(folder / HEAD))
        except (OSError, SafetensorError, RuntimeError) as error:
            raise InputError(f"'{folder / HEAD}' is missing or damaged.") from error
    return model.eval()


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


def _is_classifier(config: Any) -> bool:
    names = config.architectures or []
    return any(name.endswith("ForSequenceClassification") for name in names)


def _load_parts(folder: Path, classes: tuple[str, ...] | None) -> tuple[Any, Any]:
    """Load a folder's network and tokenizer; with `classes`, as a start for those classes."""
    import transformers

    # Without the word "False", transformers asks whether to run a folder's own code.
    safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    options: dict[str, Any] = {**safe, "use_safetensors": True}
    with quiet():
        try:
            config = transformers.AutoConfig.from_pretrained(folder, **safe)
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **safe)
            if not _is_classifier(config):
                kind: Any = transformers.AutoModel
            else:
                kind = transformers.AutoModelForSequenceClassification
                if classes is not None:
                    options |= _labels(classes)
            backbone = kind.from_pretrained(folder, **options).float()
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
    return backbone, tokenizer


def _own_code(folder: Path) -> str:
    """The file by which a model's folder asks for code of its own; "" if none does."""
    for name in ("config.json", "tokenizer_config.json"):
        try:
            described = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # transformers says what is wrong with it
        if isinstance(described, dict) and described.get("auto_map"):
            return name
    return ""


def _labels(classes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "num_labels": len(classes),
        "id2label": dict(enumerate(classes)),
        "label2id": {name: place for place, name in enumerate(classes)},
        "ignore_mismatched_sizes": True,  # a head for another number of classes is replaced
    }
