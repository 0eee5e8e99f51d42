"""Our students, as the runtime scores with them; the argument is the backend."""

from __future__ import annotations

from kd_edge_runtime.scorer import Scorer


def load(folder, argument):
    """Opens the bundle of a folder."""
    return _Ours(Scorer.open(folder + "/bundle.kdz", argument))


class _Ours:
    def __init__(self, scorer):
        self.one = scorer.score
        self.many = scorer.score_many

    def probabilities(self, texts):
        return [score.probabilities for score in self.many(texts)]
