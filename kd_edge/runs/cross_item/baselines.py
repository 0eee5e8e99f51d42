"""What one student for many questions must beat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from kd_edge.data.responses import Row
from kd_edge.evaluation.agreement import MAJORITY, human_scores
from kd_edge.evaluation.metrics import Scores
from kd_edge.runs.cross_item.agreement import LEXICAL
from kd_edge.students.pairs import Asked
from kd_edge_runtime.text.relation import NUMBERS
from kd_edge_runtime.text.rules import words

# What the task's organisers had: how many words are shared with reference and question, over
# either length (Dzikovska et al. 2013, "SemEval-2013 Task 7", section 5.2).
_OVERLAP = tuple(
    NUMBERS.index(name)
    for name in ("recall", "precision", "in question", "any recall", "mean recall", "length")
)
_LEAF = 20


def baselines(train: Sequence[Row], test: Sequence[Row]) -> dict[str, Scores]:
    """The most frequent class, and a decision tree over shared words.

    Args:
        train: rows with `Asked` texts to learn from.
        test: the same, to score.

    Returns:
        Classes of `test` by scorer; [N] each.
    """
    human = human_scores(train)
    tree = DecisionTreeClassifier(min_samples_leaf=_LEAF, random_state=0)
    tree.fit(_overlaps(row.text for row in train), human)
    return {
        LEXICAL: tree.predict(_overlaps(row.text for row in test)).astype(np.int64),
        MAJORITY: np.full(len(test), np.bincount(human).argmax(), dtype=np.int64),
    }


def _overlaps(texts: Iterable[str]) -> np.ndarray:
    asked = [text for text in texts if isinstance(text, Asked)]
    return np.array([text.relation.numbers(words(text)) for text in asked])[:, _OVERLAP]
