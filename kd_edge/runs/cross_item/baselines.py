"""Baselines that one student for many questions should be better than."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from kd_edge.data.responses import Row
from kd_edge.evaluation.agreement import MAJORITY, human_scores
from kd_edge.evaluation.metrics import Scores
from kd_edge.runs.cross_item.agreement import LEXICAL
from kd_edge_runtime.text.relation import NUMBERS, Relation
from kd_edge_runtime.text.rules import words

# As in the organisers' baseline: the number of words shared with reference and question, over
# either length (Dzikovska et al. 2013, "SemEval-2013 Task 7", section 5.2).
_OVERLAP = tuple(
    NUMBERS.index(name)
    for name in ("recall", "precision", "in question", "any recall", "mean recall", "length")
)
_LEAF = 20


def baselines(
    train: Sequence[Row], test: Sequence[Row], relations: Mapping[str, Relation]
) -> dict[str, Scores]:
    """The most frequent class, and a decision tree over shared words.

    Args:
        train: scored rows to train on.
        test: rows to score.
        relations: the questions of both, by item id.

    Returns:
        Classes of `test` by scorer; [N] each.
    """
    human = human_scores(train)
    tree = DecisionTreeClassifier(min_samples_leaf=_LEAF, random_state=0)
    tree.fit(_overlaps(train, relations), human)
    return {
        LEXICAL: tree.predict(_overlaps(test, relations)).astype(np.int64),
        MAJORITY: np.full(len(test), np.bincount(human).argmax(), dtype=np.int64),
    }


def _overlaps(rows: Sequence[Row], relations: Mapping[str, Relation]) -> np.ndarray:
    return np.array([relations[row.item_id].numbers(words(row.text)) for row in rows])[:, _OVERLAP]
