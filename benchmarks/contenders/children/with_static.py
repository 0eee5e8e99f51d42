"""Static embeddings (Model2Vec) with logistic regression on top."""

from __future__ import annotations

import numpy as np
from model2vec import StaticModel

PACKAGES = ("model2vec", "tokenizers", "numpy")


def load(folder, _argument):
    """Loads the embeddings and the head."""
    head = np.load(folder + "/head.npz")
    return _Static(StaticModel.from_pretrained(folder + "/embeddings"), head["w"], head["b"])


class _Static:
    def __init__(self, model, weights, bias):
        self._model, self._weights, self._bias = model, weights, bias

    def one(self, text):
        return self.many([text])[0]

    def many(self, texts):
        embedded = self._model.encode(texts, use_multiprocessing=False)
        logits = embedded @ self._weights + self._bias
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)

    probabilities = many
