"""Build the network of a teacher as its options say: what it reads, holds and trains."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from kd_edge.data.responses import Item
from kd_edge.stages.record import hash_json
from kd_edge.teacher.card import AdapterBase
from kd_edge.teacher.classifier import TeacherModel, build
from kd_edge.teacher.compute import Compute
from kd_edge.teacher.families import reads_prompts
from kd_edge.teacher.language_model import Loading, check_four_bits
from kd_edge.teacher.lora import LoraSettings
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.prompt import Prompt
from kd_edge.teacher.source import Source, seen_from
from kd_edge_runtime.errors import InputError


def build_model(
    item: Item, options: TeacherOptions, source: Source, compute: Compute
) -> TeacherModel:
    """Build the network of a teacher that is not fine-tuned yet.

    Args:
        item: its classes, and the question and the rubric that a decoder-only model reads.
        options: how it is fine-tuned.
        source: the language model.
        compute: where, and in which precision.

    Raises:
        InputError: the model cannot be loaded, adapted, or fine-tuned so.
    """
    if options.four_bit:
        if not reads_prompts(source.folder):
            raise InputError(
                "4-bit weights are for decoder-only language models: leave --4bit out."
            )
        check_four_bits(compute.device)
    loading = Loading()
    if options.lora:  # frozen weights need no more than the precision of the products
        loading = Loading(compute.low, compute.device if options.four_bit else None)
    classes = item.scale.classes
    model = build(source.folder, classes, options.max_length, options.seed, loading)
    model.pairs = options.pairs
    if model.decoder:
        model.prompt = _prompt(item)
    if options.lora:
        model.adapt(LoraSettings(options.lora_rank, options.lora_targets), options.seed)
    if options.checkpointing:
        _compute_twice(model)
    return model


def _compute_twice(model: TeacherModel) -> None:
    if not model.backbone.supports_gradient_checkpointing:
        kind = model.backbone.config.model_type
        raise InputError(
            f"this language model ({kind}) cannot compute its layers twice: leave "
            "--gradient-checkpointing out, or lower --micro-batch."
        )
    # By its name from version 5 of transformers on, or the one before.
    names = ("activation_checkpointing_enable", "gradient_checkpointing_enable")
    enable = next(filter(None, (getattr(model.backbone, name, None) for name in names)))
    enable({"use_reentrant": False})  # the other kind cannot pass frozen embeddings


def adapter_base(
    model: TeacherModel, options: TeacherOptions, source: Source, folder: Path
) -> AdapterBase | None:
    """What the card of a teacher in this folder says of its adapter; None for a whole model."""
    if not options.lora or options.lora_keep == "merged":
        return None
    trained = sum(len(part.flatten()) for group in model.parameter_groups() for part in group)
    return AdapterBase(
        model=seen_from(folder, options.model, source),
        parameters=model.parameter_count - trained,
        bytes=sum(file.stat().st_size for file in source.folder.glob("*.safetensors")),
        four_bit=options.four_bit,
    )


def check_reads_prompts(source: Source) -> None:
    """Refuse a question or a rubric for a language model that reads the response alone.

    Raises:
        InputError: it does.
    """
    if not reads_prompts(source.folder):
        raise InputError(
            f"the language model '{source.name}' reads the response alone: leave --prompt and "
            "--rubric out, or choose a decoder-only model such as Llama, Qwen, Gemma or Mistral."
        )


def model_inputs(item: Item, source: Source) -> dict[str, str]:
    """The hashes of a teacher's language model, and of what it reads beside the responses.

    They are a stage's inputs by their names.
    """
    inputs = {"model": source.sha256}
    if (item.prompt or item.rubric) and reads_prompts(source.folder):
        inputs["prompt"] = hash_json(asdict(_prompt(item)))
    return inputs


def _prompt(item: Item) -> Prompt:
    return Prompt(question=item.prompt or "", rubric=item.rubric or "")
