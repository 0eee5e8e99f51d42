"""How well scorers agree with people on many questions: pooled, and question by question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sklearn.metrics import f1_score

from kd_edge.data.responses import Row
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.metrics import Scores
from kd_edge.evaluation.rsmtool import compare_words

LEXICAL = "lexical baseline"

ALL = "all test responses"
SEEN = "questions learnt from"
UNSEEN = "other questions"


@dataclass(frozen=True)
class ClassAgreement:
    """The agreement of one scorer with people on some responses.

    Attributes:
        responses: how many.
        accuracy: share of them with the people's class, 0 to 1.
        macro_f1: mean F1 over the classes that people or the scorer gave, 0 to 1.
        weighted_f1: the same, weighted by how often people gave each class.
        kappa: Cohen's kappa without weights, -1 to 1; None if both give all responses the same
            class.
    """

    responses: int
    accuracy: float
    macro_f1: float
    weighted_f1: float
    kappa: float | None


def figures(human: Scores, machine: Scores) -> ClassAgreement:
    """A scorer's figures, of people's classes and its own; [N] each, N > 0."""
    same = compare_words(human, machine)
    assert same.macro_f1 is not None
    weighted = float(f1_score(human, machine, average="weighted", zero_division=0))
    return ClassAgreement(len(human), same.exact_agreement, same.macro_f1, weighted, same.kappa)


@dataclass(frozen=True)
class Part:
    """Every scorer's figures over some of the test rows.

    Attributes:
        name: the name of these rows.
        scorers: figures by scorer.
    """

    name: str
    scorers: Mapping[str, ClassAgreement]


def part(
    name: str, rows: Sequence[Row], chosen: Sequence[int], classes: Mapping[str, Scores]
) -> Part:
    """The figures over the rows at `chosen`.

    Args:
        name: the name of these rows.
        rows: all test rows.
        chosen: indices of `rows`, at least one.
        classes: every scorer's classes of `rows`; [N] each.
    """
    human = human_scores(rows)[list(chosen)]
    return Part(
        name,
        {scorer: figures(human, scores[list(chosen)]) for scorer, scores in classes.items()},
    )
