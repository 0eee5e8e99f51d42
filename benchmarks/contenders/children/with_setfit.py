"""SetFit, in PyTorch."""

from __future__ import annotations

import torch
from setfit import SetFitModel

PACKAGES = ("setfit", "sentence-transformers", "transformers", "torch")


def load(folder, _argument):
    """Loads a model that `make_setfit` wrote."""
    torch.set_num_threads(1)
    return _SetFit(SetFitModel.from_pretrained(folder + "/model", device="cpu"))


class _SetFit:
    def __init__(self, model):
        self._model = model

    def one(self, text):
        return self.many([text])[0]

    def many(self, texts):
        return self._model.predict_proba(
            texts, batch_size=64, as_numpy=True, show_progress_bar=False
        )

    probabilities = many
