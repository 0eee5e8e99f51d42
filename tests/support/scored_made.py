"""Made-up test responses with what people and scorers say of them."""

from __future__ import annotations

import numpy as np

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import NO_SCORE
from kd_edge.runs.test_scores import BundleScorings, RowScorings, ScoredRows

POINTS = Scale.from_range(0, 3)
WORDS = Scale(("correct", "contradictory", "irrelevant"), numeric=False)


def made_scored(rows=80, scale=POINTS, seed=0, second=True, groups=("a", "b"), noise=0.9):
    """N responses scored by two people, a teacher, and a student in two forms."""
    rng = np.random.default_rng(seed)
    classes = len(scale.classes)
    human = rng.integers(0, classes, rows)

    def scorings(noise):
        logits = rng.normal(size=(rows, classes)) * noise
        logits[np.arange(rows), human] += 1.5
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        shares = np.round(shares, 6)  # as the file holds them
        return shares.argmax(axis=1).astype(np.int64), shares

    teacher, student = scorings(noise), scorings(noise * 1.3)
    predicted, shares = student
    confidence = shares[np.arange(rows), predicted]
    other = np.where(rng.random(rows) < 0.85, human, rng.integers(0, classes, rows))
    return ScoredRows(
        ids=tuple(f"r{at:03}" for at in range(rows)),
        texts=tuple(f"the words of student {at}" for at in range(rows)),
        human=human,
        second=other if second else np.full(rows, NO_SCORE),
        groups=tuple(groups[at % len(groups)] if groups else "" for at in range(rows)),
        teacher=RowScorings(*teacher),
        student=RowScorings(*student),
        bundle=BundleScorings(
            predicted=predicted,
            probabilities=shares,
            expected=np.round(shares @ np.array(scale.values, dtype=np.float64), 6),
            confidence=confidence,
            flags=tuple("review" if one < 0.4 else "" for one in confidence),
        ),
    )
