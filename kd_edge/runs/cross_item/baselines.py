"""Baselines that one student for many questions should be better than."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from kd_edge.data.responses import Row
from kd_edge.evaluation.agreement import MAJORITY, human_scores
from kd_edge.evaluation.metrics import Scores
from kd_edge.runs.cross_item.agreement import LEXICAL
from kd_edge.runs.cross_item.pool import Pool
from kd_edge_runtime.text import words_by
from kd_edge_runtime.text.relation import NUMBERS

# As in the organisers' baseline: the number of words shared with reference and question, over
# either length (Dzikovska et al. 2013, "SemEval-2013 Task 7", section 5.2).
_OVERLAP = tuple(
    NUMBERS.index(name)
    for name in ("recall", "precision", "in question", "any recall", "mean recall", "length")
)
_LEAF = 20


def baselines(pool: Pool) -> dict[str, Scores]:
    """The most frequent class, and a decision tree over shared words.

    Args:
        pool: the questions, with scored rows to train on and rows to score.

    Returns:
        Classes of `pool.test` by scorer; [N] each.
    """
    human = human_scores(pool.train)
    tree = DecisionTreeClassifier(min_samples_leaf=_LEAF, random_state=0)
    tree.fit(_overlaps(pool, pool.train), human)
    return {
        LEXICAL: tree.predict(_overlaps(pool, pool.test)).astype(np.int64),
        MAJORITY: np.full(len(pool.test), np.bincount(human).argmax(), dtype=np.int64),
    }


def _overlaps(pool: Pool, rows: Sequence[Row]) -> np.ndarray:
    words, relations = words_by(pool.rules), pool.relations
    return np.array([relations[row.item_id].numbers(words(row.text)) for row in rows])[:, _OVERLAP]
