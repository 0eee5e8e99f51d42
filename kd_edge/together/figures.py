"""How well each scorer does on many questions: pooled, and question by question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import accuracy_score, f1_score
from sklearn.tree import DecisionTreeClassifier

from kd_edge.evaluation import MAJORITY, human_scores
from kd_edge.metrics import Scores
from kd_edge.rows import Row
from kd_edge.students.pairs import Asked
from kd_edge_runtime.relation import NUMBERS
from kd_edge_runtime.text import words

LEXICAL = "lexical baseline"

# What the task's organisers had: how many words are shared with reference and question, over
# either length (Dzikovska et al. 2013, "SemEval-2013 Task 7", section 5.2).
_OVERLAP = tuple(
    NUMBERS.index(name)
    for name in ("recall", "precision", "in question", "any recall", "mean recall", "length")
)
_LEAF = 20


@dataclass(frozen=True)
class Figures:
    """One scorer over some responses.

    Attributes:
        responses: how many.
        accuracy: share of them with the people's class, 0 to 1.
        macro_f1: mean F1 over the classes that people or the scorer gave, 0 to 1.
        weighted_f1: the same, weighted by how often people gave each class.
    """

    responses: int
    accuracy: float
    macro_f1: float
    weighted_f1: float


def figures(human: Scores, machine: Scores) -> Figures:
    """A scorer's figures.

    Args:
        human: classes; [N], N > 0.
        machine: the scorer's; [N].
    """
    macro, weighted = (
        float(f1_score(human, machine, average=average, zero_division=0))
        for average in ("macro", "weighted")
    )
    return Figures(len(human), float(accuracy_score(human, machine)), macro, weighted)


@dataclass(frozen=True)
class Part:
    """Every scorer's figures over some of the test rows.

    Attributes:
        name: which rows these are.
        scorers: figures by scorer.
    """

    name: str
    scorers: Mapping[str, Figures]


def part(
    name: str, rows: Sequence[Row], chosen: Sequence[int], found: Mapping[str, Scores]
) -> Part:
    """The figures over the rows at `chosen`.

    Args:
        name: which rows these are.
        rows: all test rows.
        chosen: places in `rows`, at least one.
        found: every scorer's classes of `rows`; [N] each.
    """
    human = human_scores(rows)[list(chosen)]
    return Part(name, {who: figures(human, scores[list(chosen)]) for who, scores in found.items()})


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
