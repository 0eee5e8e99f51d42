"""What a student learns from: scored rows, the teacher's opinion of them, and variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Row
from kd_edge.soft_labels.label_variants import Variants


@dataclass(frozen=True, eq=False)
class Examples:
    """N responses to learn from.

    Attributes:
        texts: the responses.
        questions: the id of the item that each answers; none where all answer the same one.
        scores: the human scores as classes, -1 for variants; int64 [N].
        soft: the teacher's probabilities, rows of zeros where there are none; float32 [N, K].
    """

    texts: Sequence[str]
    scores: npt.NDArray[np.int64]
    soft: npt.NDArray[np.float32]
    questions: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.texts)


def taught(
    rows: Sequence[Row], labels: Mapping[str, npt.NDArray[np.floating]], variants: Variants | None
) -> Examples:
    """Rows with their human scores and soft labels, then the variants.

    Args:
        rows: the rows to learn from, each with a score.
        labels: probabilities [K] by response id; every row's must be there.
        variants: teacher-labelled variants, if any.
    """
    texts, questions = [row.text for row in rows], [row.item_id for row in rows]
    soft = [labels[row.response_id] for row in rows]
    scores = [_score(row) for row in rows]
    if variants is not None:
        texts += variants.texts
        questions += variants.questions or [""] * len(variants.texts)
        soft += list(variants.probabilities)
        scores += [-1] * len(variants.texts)
    return Examples(
        texts, np.array(scores, dtype=np.int64), np.array(soft, dtype=np.float32), questions
    )


def untaught(rows: Sequence[Row], classes: int) -> Examples:
    """The same rows with nothing but their human scores: what the baseline learns from.

    Args:
        rows: the rows to learn from, each with a score.
        classes: K.
    """
    scores = np.array([_score(row) for row in rows], dtype=np.int64)
    return Examples(
        [row.text for row in rows],
        scores,
        np.zeros((len(rows), classes), dtype=np.float32),
        [row.item_id for row in rows],
    )


def _score(row: Row) -> int:
    assert row.score is not None, "rows to learn from are scored"
    return row.score
