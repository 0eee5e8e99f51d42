"""What every scorer gives the test rows of many questions."""

from __future__ import annotations

from dataclasses import replace

from kd_edge.evaluation.agreement import BASELINE, FIRST, SECOND, STUDENT, TEACHER
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import Scores
from kd_edge.runs.cross_item.baselines import baselines
from kd_edge.runs.cross_item.pool import Pool, own_id, texts_of
from kd_edge.runs.cross_item.second import SecondChoice
from kd_edge.runs.outputs import StageOutputs
from kd_edge.runs.test_scores import ScoredRows, bundle_scorings, scored_rows, student_scorings
from kd_edge_runtime.scorer import Score, Scorer


def classes_of(pool: Pool, outputs: StageOutputs, scored: ScoredRows) -> dict[str, Scores]:
    """Every scorer's classes of the test rows."""
    alone = student_scorings(outputs.distilled.baseline, *texts_of(pool.test))
    return {
        TEACHER: scored.teacher.predicted,
        STUDENT: scored.bundle.predicted,
        BASELINE: alone.predicted,
        **baselines(pool),
    }


def score_rows(
    pool: Pool, outputs: StageOutputs, scorer: Scorer, second: SecondChoice | None
) -> ScoredRows:
    """The scores of each test row; those of the bundle as a device computes them."""
    scores, both = _scores(pool, scorer), None
    if second and second.used:
        both = second.in_pytorch(pool, outputs.distilled.student)
    scored = scored_rows(pool, outputs, scores, texts_of(pool.test)[1], both)
    return replace(scored, ids=tuple(map(own_id, pool.test)))


def _scores(pool: Pool, scorer: Scorer) -> list[Score]:
    texts, _ = texts_of(pool.test)
    scores: dict[int, Score] = {}
    for name, at in rows_of_each(pool).items():
        scores.update(zip(at, scorer.score_many([texts[row] for row in at], name), strict=True))
    return [scores[at] for at in range(len(texts))]


def each_alone(pool: Pool, scorer: Scorer, second: SecondChoice) -> dict[str, Scores]:
    """The classes that each of two students gives the test rows by itself.

    Those of the second are by PyTorch, as the bundle may not have it, or not for all questions.
    """
    first, student = _scores(pool, Scorer(scorer.bundle, first_only=True)), second.student
    return {
        FIRST: bundle_scorings(first, pool.item.scale.classes).predicted,
        SECOND: decided(second.said, student.scale, student.decision),
    }


def rows_of_each(pool: Pool) -> dict[str, list[int]]:
    """The indices of each question's test rows, for questions that have any."""
    rows: dict[str, list[int]] = {name: [] for name in pool.questions}
    for at, row in enumerate(pool.test):
        rows[row.item_id].append(at)
    return {name: at for name, at in rows.items() if at}
