"""fastText; the argument is the model's file name."""

from __future__ import annotations

import fasttext

PACKAGES = ("fasttext-wheel", "numpy")


def load(folder, argument):
    """Loads a model."""
    return _FastText(fasttext.load_model(folder + "/" + argument))


def line(text):
    """A text as fastText takes it: one line, and in small letters as it was trained."""
    return text.replace("\n", " ").replace("\r", " ").lower()


class _FastText:
    def __init__(self, model):
        self._model = model

    def one(self, text):
        return self._model.predict(line(text))

    def many(self, texts):
        return self._model.predict([line(text) for text in texts])

    def probabilities(self, texts):
        classes = len(self._model.labels)
        found = []
        for text in texts:
            names, shares = self._model.predict(line(text), classes)
            row = [0.0] * classes
            for name, share in zip(names, shares):
                row[int(name[len("__label__") :])] = float(share)
            found.append([share / sum(row) for share in row])
        return found
