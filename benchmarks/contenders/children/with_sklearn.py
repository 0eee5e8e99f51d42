"""scikit-learn's TF-IDF with logistic regression, as joblib wrote it."""

from __future__ import annotations

import joblib

PACKAGES = ("scikit-learn", "numpy", "scipy")


def load(folder, _argument):
    """Loads the pipeline that `make_sklearn` wrote, from a folder that is our own."""
    return _Pipeline(joblib.load(folder + "/pipeline.joblib"))


class _Pipeline:
    def __init__(self, pipeline):
        self._pipeline = pipeline

    def one(self, text):
        return self._pipeline.predict_proba([text])[0]

    def many(self, texts):
        return self._pipeline.predict_proba(texts)

    probabilities = many
