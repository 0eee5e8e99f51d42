"""Where a teacher has its layers, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from kd_edge.students.decoders import refuse_decoder
from kd_edge.students.uncut import TRANSFORMER
from kd_edge.teacher.classifier import TeacherModel


class CannotCutError(Exception):
    """Why no student can be cut out of a teacher."""


@dataclass(frozen=True)
class Shape:
    """What of a teacher decides how large a student is that is cut out of it.

    Attributes:
        layers: their number.
        of_layer: numbers in one of them.
        width: numbers that stand for a piece of a word.
    """

    layers: int
    of_layer: int
    width: int


def shape_of(teacher: TeacherModel) -> Shape:
    """The shape of a teacher that a transformer student is to be cut out of.

    Raises:
        InputError: it cannot be cut.
    """
    backbone = teacher.backbone
    refuse_decoder(backbone.config, TRANSFORMER)
    try:
        stack = backbone.get_submodule(layers_in(backbone))
    except CannotCutError as error:
        kind = backbone.config.model_type
        raise TRANSFORMER.error(f"this teacher ({kind})", str(error)) from None
    numbers = sum(parameter.numel() for parameter in stack.parameters())
    width = backbone.get_input_embeddings().embedding_dim
    return Shape(len(stack), numbers // len(stack), width)


def layers_in(backbone: Any) -> str:
    """The name of the list of a language model's layers.

    Raises:
        CannotCutError: it has none.
    """
    total = backbone.config.num_hidden_layers
    stacks = [
        name
        for name, module in backbone.named_modules()
        if isinstance(module, torch.nn.ModuleList) and len(module) == total
    ]
    if not stacks:
        raise CannotCutError("its layers are not a list, or share weights")
    return str(min(stacks, key=lambda name: str(name).count(".")))
