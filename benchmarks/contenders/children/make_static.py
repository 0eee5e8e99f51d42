"""Model2Vec distilled from the packaged MiniLM, with logistic regression on top."""

from __future__ import annotations

import numpy as np
from best_setting import best
from model2vec.distill import distill
from sklearn.linear_model import LogisticRegression

from kd_edge.teacher.source import PACKAGED, resolve

DIMENSIONS = 256
C = (1.0, 10.0, 100.0, 1000.0, 10_000.0)


def make(task, folder, _settings):
    """Distils the embeddings, chooses C on the held-out rows, writes both."""
    model = distill(str(resolve(PACKAGED).folder), pca_dims=DIMENSIONS, device="cpu")
    model.save_pretrained(folder / "embeddings")
    train = model.encode([row["text"] for row in task["train"]])
    held_out = model.encode([row["text"] for row in task["held_out"]])
    scores = [row["score"] for row in task["train"]]

    def fitted(c):
        return LogisticRegression(C=c, max_iter=5000).fit(train, scores)

    c, head, _ = best(task, C, fitted, lambda head: head.predict_proba(held_out))
    weights = head.coef_.T.astype(np.float32)
    np.savez(folder / "head.npz", w=weights, b=head.intercept_.astype(np.float32))
    parameters = model.embedding.size + weights.size + head.intercept_.size
    return {"parameters": int(parameters), "settings": {"dimensions": DIMENSIONS, "C": c}}
