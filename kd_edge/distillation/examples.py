"""Training examples of a student: scored rows with the teacher's soft labels, and variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Row
from kd_edge.evaluation.agreement import human_scores
from kd_edge.soft_labels.label_variants import Variants


@dataclass(frozen=True, eq=False)
class Examples:
    """N responses to train on.

    Attributes:
        questions: the id of the item that each answers; empty if all answer the same item.
        scores: the human scores as classes, -1 for variants; int64 [N].
        soft: the teacher's probabilities, rows of zeros where there are none; float32 [N, K].
        vectors: the teacher's vectors, if the student learns from them; float32 [N, D].
    """

    texts: Sequence[str]
    scores: npt.NDArray[np.int64]
    soft: npt.NDArray[np.float32]
    questions: Sequence[str] = ()
    vectors: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def with_variants(self, most: int | None) -> Examples:
        """All scored rows, and at most so many variants, spread evenly over all of them."""
        variants = np.flatnonzero(self.scores < 0)
        if most is None or len(variants) <= most:
            return self
        spread = variants[np.arange(most) * len(variants) // most]
        kept = np.sort(np.concatenate([np.flatnonzero(self.scores >= 0), spread]))
        return Examples(
            [self.texts[at] for at in kept],
            self.scores[kept],
            self.soft[kept],
            [self.questions[at] for at in kept] if self.questions else (),
            None if self.vectors is None else self.vectors[kept],
        )


def with_soft_labels(
    rows: Sequence[Row], labels: Mapping[str, npt.NDArray[np.floating]], variants: Variants | None
) -> Examples:
    """Scored rows with their soft labels [K] by response id, then the variants."""
    texts, questions = [row.text for row in rows], [row.item_id for row in rows]
    soft = [labels[row.response_id] for row in rows]
    scores = human_scores(rows).tolist()
    if variants is not None:
        texts += variants.texts
        questions += variants.questions or [""] * len(variants.texts)
        soft += list(variants.probabilities)
        scores += [-1] * len(variants.texts)
    return Examples(
        texts, np.array(scores, dtype=np.int64), np.array(soft, dtype=np.float32), questions
    )


def without_soft_labels(rows: Sequence[Row], classes: int) -> Examples:
    """Scored rows of K classes without soft labels, to train the baseline on."""
    return with_soft_labels(
        rows, dict.fromkeys((row.response_id for row in rows), np.zeros(classes)), None
    )
