"""The teacher's network, and the folder that holds it. No pickle is written or read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from kd_edge.stages.folder_sums import changed_file, write_sums
from kd_edge.teacher.batches import encode
from kd_edge.teacher.card import TeacherCard, read_card
from kd_edge.teacher.families import is_decoder
from kd_edge.teacher.language_model import IN_FP32, Loading, load_language_model, quiet
from kd_edge.teacher.lora import LoraSettings, add_adapter, load_adapter, merge, save_adapter
from kd_edge.teacher.pair_text import encode_parts, reads_parts, refuse_lone
from kd_edge.teacher.prompt import Prompt
from kd_edge.teacher.source import find_base
from kd_edge.training.tensors import plain_tensor_errors, save_tensors
from kd_edge_runtime.errors import InputError

HEAD = "head.safetensors"
_DROPOUT = 0.1
_SEGMENTS = 2  # a reference answer, and the response
_CONTEXT = 1024  # tokens of a decoder's prompt beside the response: question and rubric


class TeacherModel(nn.Module):
    """A language model that gives one logit a class.

    A model that is a sequence classifier keeps its own head. A decoder-only one, whose last
    token alone sees the whole text, is a classifier of that token. Any other gets mean pooling
    over the tokens, dropout and a linear layer.

    Args:
        backbone: the transformers model.
        tokenizer: its tokenizer.
        classes: number of classes K.
        max_length: tokens of a response that are read.

    Attributes:
        prompt: the template in which it reads a response; None for the response alone.
        pairs: whether its texts have the parts of `pair_text`, read as segments.
        separator: the id after each part; None for that of the tokenizer.
        adapter: peft's model around `backbone`, where it is fine-tuned with LoRA; else None.
    """

    def __init__(self, backbone: Any, tokenizer: Any, classes: int, max_length: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.tokenizer = tokenizer
        self.classes = classes
        self.max_length = max_length
        self.prompt: Prompt | None = None
        self.pairs = False
        self.separator: int | None = None
        self._adapter: list[Any] = []  # in a list, so that its weights are not there twice
        self.dropout = nn.Dropout(_DROPOUT)
        classifies = type(backbone).__name__.endswith("ForSequenceClassification")
        self.decoder = classifies and is_decoder(backbone.config) and hasattr(backbone, "score")
        self.head = None if classifies else nn.Linear(backbone.config.hidden_size, classes)

    @property
    def adapter(self) -> Any:
        """See the class."""
        return self._adapter[0] if self._adapter else None

    def adapt(self, settings: LoraSettings, seed: int) -> None:
        """Freeze the language model, and put an adapter into it.

        Args:
            settings: how it is made.
            seed: of its matrices.

        Raises:
            InputError: see `lora.add_adapter`.
        """
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self._adapter = [add_adapter(self.backbone, settings)]

    def read_adapter(self, folder: Path) -> None:
        """Put in the adapter that `save` wrote into a folder.

        Raises:
            InputError: see `lora.load_adapter`.
        """
        with torch.random.fork_rng(devices=[]):  # its matrices are random before they are read
            self._adapter = [load_adapter(self.backbone, folder)]

    def merge(self) -> None:
        """Add the adapter to the language model's weights, in fp32 on the CPU."""
        if self._adapter:
            self.backbone = merge(self.to("cpu")._adapter.pop())

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of N responses as the model reads them, none empty.

        Raises:
            InputError: it reads `pairs`, and a text is a response alone.
        """
        if self.pairs:
            refuse_lone(texts)
        if self.pairs and self.prompt is None and reads_parts(self.tokenizer):
            return encode_parts(self.tokenizer, texts, self.max_length)
        if self.prompt is None:
            return encode(self.tokenizer, texts, self.max_length)
        known = getattr(self.backbone.config, "max_position_embeddings", None)
        limits = (self.max_length + _CONTEXT, self.tokenizer.model_max_length, known)
        most = min(limit for limit in limits if limit is not None)
        return self.prompt.encode(self.tokenizer, texts, self.max_length, most)

    @property
    def parameter_count(self) -> int:
        """Weights of the network, and of its adapter; packed ones count one by one."""
        found = 0
        for name, parameter in self.named_parameters():
            if ".original_module." not in name:  # the head before LoRA trained a copy of it
                packed = type(parameter).__name__ == "Params4bit"
                found += parameter.numel() * (2 if packed else 1)
        return found

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score a batch.

        Args:
            tokens: token ids, int64 [B, T].
            mask: 1 for a token, 0 for padding on the right, int64 [B, T]; at least one token a row.

        Returns:
            Logits, float32 [B, K], whatever the precision inside.
        """
        if self.decoder:
            return self._of_last_token(tokens, mask)
        if self.head is None:
            output = self.backbone(input_ids=tokens, attention_mask=mask, **self._types(tokens))
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
            output = self.backbone(
                input_ids=tokens,
                attention_mask=mask,
                output_hidden_states=True,
                **self._types(tokens),
            )
            return output.logits.float(), _mean(output.hidden_states[-1], mask)
        output = self.backbone(input_ids=tokens, attention_mask=mask, **self._types(tokens))
        # In fp32 even under autocast: bfloat16 logits have 8 bits, too few for soft labels.
        with torch.autocast(tokens.device.type, enabled=False):
            pooled = _mean(output.last_hidden_state, mask)
            logits: torch.Tensor = self.head(self.dropout(pooled))
            return logits, pooled

    def _types(self, tokens: torch.Tensor) -> dict[str, torch.Tensor]:
        """Which segment each token is of, for models that tell two: the response is the second."""
        if not self.pairs or getattr(self.backbone.config, "type_vocab_size", 0) < _SEGMENTS:
            return {}
        separator = self.separator
        if separator is None:
            separator = self.tokenizer.sep_token_id
        ends = (tokens == separator).long()
        return {"token_type_ids": (ends.cumsum(1) - ends >= 1).long()}

    def _of_last_token(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits by the last token that is no padding, whatever id padding has."""
        body = self.backbone.base_model
        output = body(input_ids=tokens, attention_mask=mask, use_cache=False)
        rows = torch.arange(len(tokens), device=tokens.device)
        with torch.autocast(tokens.device.type, enabled=False):
            last = output.last_hidden_state[rows, mask.sum(1) - 1].float()
            logits: torch.Tensor = self.backbone.score(last)
            return logits

    def parameter_groups(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """The parameters that are trained: those of the language model, and those of the head."""
        prefix = f"backbone.{self.backbone.base_model_prefix}."
        if self.head is not None:
            prefix = "backbone."
        body: list[nn.Parameter] = []
        head: list[nn.Parameter] = []
        for name, parameter in self.named_parameters():
            if not parameter.requires_grad:  # beside an adapter
                continue
            (body if name.startswith(prefix) else head).append(parameter)
        return body, head


def _mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean over the tokens that are there, in fp32 even under autocast; [B, D]."""
    with torch.autocast(states.device.type, enabled=False):
        weights = mask.unsqueeze(-1).float()
        return (states.float() * weights).sum(1) / weights.sum(1)


def build(
    folder: Path,
    classes: Sequence[str],
    max_length: int,
    seed: int,
    loading: Loading = IN_FP32,
) -> TeacherModel:
    """Build a teacher that is not fine-tuned yet.

    Args:
        folder: a language model's folder.
        classes: the K class names.
        max_length: tokens of a response to read.
        seed: of the weights of a new head.
        loading: how a decoder's weights are held.

    Returns:
        The model on the CPU, but for 4-bit weights; in fp32, but for what `loading` says.

    Raises:
        InputError: the folder's model cannot be loaded.
    """
    with torch.random.fork_rng(devices=[]):
        # Of the CPU alone: torch.manual_seed would reach every GPU, which nothing restores.
        torch.default_generator.manual_seed(seed)
        backbone, tokenizer = load_language_model(folder, tuple(classes), loading)
        return TeacherModel(backbone, tokenizer, len(classes), max_length)


def save(model: TeacherModel, card: TeacherCard, folder: Path) -> None:
    """Write a teacher into a folder: weights, tokenizer, head, teacher.json and all their hashes.

    Args:
        model: the fine-tuned model. Where the card says nothing of an adapter, one that it has is
            merged into it.
        card: what teacher.json says.
        folder: an existing folder.

    Raises:
        InputError: the files cannot be written.
    """
    if card.adapter is None:
        model.merge()
    with quiet(), plain_tensor_errors(folder):
        if card.adapter is None:
            model.backbone.save_pretrained(folder)
        else:
            save_adapter(model.adapter, folder, card.base)
        model.tokenizer.save_pretrained(folder)
    if model.head is not None:
        save_tensors(folder / HEAD, model.head.state_dict())
    card.write(folder)
    write_sums(folder)


def load_teacher(folder: Path, loading: Loading = IN_FP32, base: str | None = None) -> TeacherModel:
    """Load the teacher that `save` wrote; on the CPU, ready to predict.

    Args:
        folder: the teacher's.
        loading: how a decoder's weights are held. In fp32, an adapter is merged into them.
        base: the language model that an adapter belongs to, as in `TeacherOptions.model`; None
            looks where it was.

    Raises:
        InputError: the folder holds no finished teacher, or a damaged one; or the language model
            of an adapter is not where it was.
    """
    card = read_card(folder)
    if damage := changed_file(folder, listed=bool(card.key)):
        raise InputError(f"'{folder}': this teacher is damaged ({damage}): fine-tune it again.")
    if card.adapter is None:
        backbone, tokenizer = load_language_model(folder, None, loading)
        model = TeacherModel(backbone, tokenizer, len(card.classes), card.max_length)
    else:
        source = find_base(folder, card, base)
        model = build(source.folder, card.classes, card.max_length, 0, loading)
        model.read_adapter(folder)
        if loading == IN_FP32:
            model.merge()
    if model.head is not None:
        try:
            model.head.load_state_dict(load_file(folder / HEAD))
        except (OSError, SafetensorError, RuntimeError) as error:
            raise InputError(f"'{folder / HEAD}' is missing or damaged.") from error
    model.prompt = card.prompt
    model.pairs = card.pairs
    return model.eval()
