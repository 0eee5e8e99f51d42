"""A teacher's network as an ONNX graph."""

from __future__ import annotations

import torch

from kd_edge.teacher.classifier import TeacherModel
from kd_edge_export.onnx.transformer import onnx_fp32
from kd_edge_runtime.errors import InputError

_MOST_BYTES = 2**31 - 1  # of the numbers in one file


def fp32_graph(model: TeacherModel, item_id: str, tokenizer_sha256: str) -> bytes:
    """The teacher in floats: ids and mask [N, T] in, probabilities [N, K] out.

    The model must be in fp32 on the CPU. The item and the tokenizer's hash go into the metadata.

    Raises:
        InputError: ONNX cannot represent it.
    """
    if model.decoder:
        raise InputError(
            f"a decoder-only teacher ({model.backbone.config.model_type}) is not converted to "
            "ONNX: it reads a response in a prompt, which a device does not write. Distil it, or "
            "fine-tune an encoder such as BERT, RoBERTa or MiniLM"
        )
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if 4 * parameters > _MOST_BYTES:
        raise InputError(
            f"the teacher's {parameters:,} parameters are more than the 2 GB that one ONNX file "
            "holds"
        )
    try:
        return onnx_fp32(_AsPredicted(model), item_id, tokenizer_sha256)
    except Exception as error:  # PyTorch's exporter raises many kinds of errors
        kind = type(model.backbone).__name__
        raise InputError(
            f"PyTorch cannot convert this kind of language model ({kind}) to ONNX "
            f"({type(error).__name__}); fine-tune an encoder such as BERT, RoBERTa or MiniLM"
        ) from error


class _AsPredicted(torch.nn.Module):
    """The network as `predict` calls it: a response without tokens counts as one padding token."""

    def __init__(self, model: TeacherModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        first = torch.ones_like(mask[:, :1])
        logits: torch.Tensor = self.model(ids, torch.cat((first, mask[:, 1:]), 1))
        return logits
