"""A fine-tuned language model in PyTorch, fp32, as `kd_edge.teacher` scores with it."""

from __future__ import annotations

from pathlib import Path

import torch

from kd_edge.teacher.batches import encode
from kd_edge.teacher.classifier import load_teacher
from kd_edge.teacher.compute import Compute
from kd_edge.teacher.predict import predict_ids

PACKAGES = ("torch", "transformers")


def load(folder, _argument):
    """Loads the teacher's folder."""
    torch.set_num_threads(1)
    return _Torch(load_teacher(Path(folder)))


class _Torch:
    def __init__(self, model):
        self._model = model

    def one(self, text):
        return self.probabilities([text])[0]

    def probabilities(self, texts):
        model = self._model
        ids = encode(model.tokenizer, texts, model.max_length)
        return predict_ids(model, ids, Compute(torch.device("cpu"), "fp32")).tolist()

    many = probabilities
