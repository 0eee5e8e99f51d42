"""Score texts with a teacher in ONNX Runtime, where that is faster than PyTorch.

On a processor without bf16 it scores in half of the time, to the fifth decimal. Converting the
teacher takes some seconds, so it is for many texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kd_edge.console.progress import say
from kd_edge.teacher.batches import by_length, pad, pad_id
from kd_edge.teacher.classifier import TeacherModel
from kd_edge.teacher.compute import choose_device, choose_precision
from kd_edge.teacher.predict import predict

MANY = 4096
"""From so many texts on, the conversion is worth its time."""

_GREATEST = 1e-4  # difference between a probability and PyTorch's
_COMPARED = 32
_BATCH = 16

Predict = Callable[[Sequence[str]], np.ndarray]


def fastest(
    model: TeacherModel, texts: Sequence[str], precision: str, device: str = "auto"
) -> Predict:
    """The fastest way to score texts on this machine, a function of some of them.

    Args:
        model: the teacher, in fp32 on the CPU.
        texts: all texts that are to be scored; some are used to compare the two.
        precision: "fp32", "bf16", "fp16" or "auto", as in `TeacherOptions`.
        device: as in `TeacherOptions`.

    Returns:
        A function that scores texts as `predict` does.
    """

    def in_torch(some: Sequence[str]) -> np.ndarray:
        return predict(model, some, precision=precision, device=device)

    where = choose_device(device)
    slow = where.type == "cpu" and choose_precision(where, precision) == "fp32"
    if model.decoder or precision != "auto" or not slow or len(texts) < MANY:
        return in_torch
    try:
        in_onnx = _in_onnx(model)
        step = max(len(texts) // _COMPARED, 1)
        some = texts[::step]
        difference = float(np.abs(in_onnx(some) - in_torch(some)).max())
    except Exception as error:  # its errors, and those of the conversion, share no base
        say(f"Scoring in PyTorch: ONNX Runtime cannot run this model ({type(error).__name__}).")
        return in_torch
    if not difference <= _GREATEST:
        say(f"Scoring in PyTorch: ONNX Runtime's scores differ by up to {difference:.1e}.")
        return in_torch
    return in_onnx


def _in_onnx(model: TeacherModel) -> Predict:
    import onnxruntime

    from kd_edge.teacher.graph import fp32_graph

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    graph = fp32_graph(model, "", "")
    session: Any = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
    fill, cpu = pad_id(model.tokenizer), torch.device("cpu")

    def predict_rows(texts: Sequence[str]) -> np.ndarray:
        ids = model.encode(texts)
        found = np.zeros((len(texts), model.classes), dtype=np.float32)
        for batch in by_length(ids, _BATCH):
            tokens, mask = pad(ids, batch, fill, cpu)
            feed = {"ids": tokens.numpy(), "mask": mask.numpy()}
            (found[batch],) = session.run(["probabilities"], feed)
        return found

    return predict_rows
