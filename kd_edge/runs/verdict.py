"""Whether a run's small model is worth using: better than a guess, and than without a teacher."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kd_edge.distillation.choice import Choice
from kd_edge.evaluation.agreement import BASELINE, MAJORITY, STUDENT, Line, Pooled
from kd_edge.runs.cross_item.agreement import Part
from kd_edge.runs.item_run import ItemReport
from kd_edge.training.doubts import WEAK_EXIT_CODE, Doubt, guesses, guessing, not_helped

EXIT_CODE = WEAK_EXIT_CODE


def shortfalls(items: Sequence[ItemReport], pooled: Sequence[Pooled]) -> list[Doubt]:
    """What the small models of a run do not do better, one for each; none is the usual case.

    Each item's is compared with the majority class, see `doubts.guesses`. With the same model
    without a teacher it is compared by QWK; over several items by the mean, since that of few
    responses is uncertain.

    Args:
        items: the items' reports.
        pooled: the scorers over all items.
    """
    found = [doubt for item in items if (doubt := _no_better_than_guessing(item)) is not None]
    means = {one.name: one.qwk for one in pooled}
    if len(items) == 1:
        means = {line.name: line.agreement.qwk for line in items[0].lines}
    student, alone = means.get(STUDENT), means.get(BASELINE)
    if len(items) == len(found) or not any(_learnt(item.choice) for item in items):
        return found  # all are guesses, with or without a teacher; or all are without one
    if student is not None and alone is not None and student <= alone < 1:
        whose = items[0].item_id if len(items) == 1 else ""
        found.append(not_helped(whose, "QWK", student, alone))
    return found


def shortfalls_together(parts: Iterable[Part], choice: Choice | None) -> list[Doubt]:
    """The same for one student of all questions, by weighted F1 over all test rows."""
    scorers = next(iter(parts)).scorers
    score = {name: one.weighted_f1 for name, one in scorers.items()}
    student, alone, majority = (score.get(name) for name in (STUDENT, BASELINE, MAJORITY))
    found: list[Doubt] = []
    if student is not None and majority is not None and student <= majority:
        return [guessing("", f"weighted F1 {student:.3f}, {majority:.3f}")]
    if student is not None and alone is not None and student <= alone < 1 and _learnt(choice):
        found.append(not_helped("", "weighted F1", student, alone))
    return found


def _learnt(choice: Choice | None) -> bool:
    """Whether the student that ships learnt from the teacher: its report says so if it did not."""
    return choice is None or choice.with_teacher


def _no_better_than_guessing(item: ItemReport) -> Doubt | None:
    lines: dict[str, Line] = {line.name: line for line in item.lines}
    if STUDENT not in lines or MAJORITY not in lines:
        return None
    student, majority = lines[STUDENT].agreement, lines[MAJORITY].agreement
    if not guesses(student.accuracy, student.qwk, majority.accuracy):
        return None
    figures = f"accuracy {student.accuracy:.3f}, {majority.accuracy:.3f}"
    return guessing(item.item_id, f"{figures}; QWK {student.qwk:.3f}")
