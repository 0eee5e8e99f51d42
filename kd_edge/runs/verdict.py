"""Whether a run's small model is worth using: better than a guess, and than without a teacher."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kd_edge.distillation.choice import Choice
from kd_edge.evaluation.agreement import BASELINE, MAJORITY, STUDENT, Line, Pooled
from kd_edge.runs.cross_item.agreement import Part
from kd_edge.runs.item_run import ItemReport

EXIT_CODE = 6
"""How `kd-edge run` ends where it is not; the bundle is written all the same."""

# From here on, kappa is more than "slight" (Landis and Koch 1977).
_MORE_THAN_SLIGHT = 0.2


def shortfalls(items: Sequence[ItemReport], pooled: Sequence[Pooled]) -> list[str]:
    """What the small models of a run do not do better, a sentence each; none is the usual case.

    Each item's is compared with the majority class: it is better with a higher accuracy, or, where
    most responses have the same score, with a QWK that is more than slight. With the same model
    without a teacher it is compared by QWK; over several items by the mean, since that of few
    responses is uncertain.

    Args:
        items: the items' reports.
        pooled: the scorers over all items.
    """
    found = [warning for item in items if (warning := _no_better_than_guessing(item))]
    means = {one.name: one.qwk for one in pooled}
    if len(items) == 1:
        means = {line.name: line.agreement.qwk for line in items[0].lines}
    student, alone = means.get(STUDENT), means.get(BASELINE)
    if len(items) == len(found) or not any(_learnt(item.choice) for item in items):
        return found  # all are guesses, with or without a teacher; or all are without one
    if student is not None and alone is not None and student <= alone < 1:
        whose = f"item '{items[0].item_id}'" if len(items) == 1 else "all items together"
        found.append(_without_teacher(whose, "QWK", student, alone))
    return found


def shortfalls_together(parts: Iterable[Part], choice: Choice | None) -> list[str]:
    """The same for one student of all questions, by weighted F1 over all test rows."""
    scorers = next(iter(parts)).scorers
    score = {name: one.weighted_f1 for name, one in scorers.items()}
    student, alone, majority = (score.get(name) for name in (STUDENT, BASELINE, MAJORITY))
    found: list[str] = []
    if student is not None and majority is not None and student <= majority:
        return [_guessing("all items together", f"weighted F1 {student:.3f}, {majority:.3f}")]
    if student is not None and alone is not None and student <= alone < 1 and _learnt(choice):
        found.append(_without_teacher("all items together", "weighted F1", student, alone))
    return found


def _learnt(choice: Choice | None) -> bool:
    """Whether the student that ships learnt from the teacher: its report says so if it did not."""
    return choice is None or choice.with_teacher


def _no_better_than_guessing(item: ItemReport) -> str:
    lines: dict[str, Line] = {line.name: line for line in item.lines}
    if STUDENT not in lines or MAJORITY not in lines:
        return ""
    student, majority = lines[STUDENT].agreement, lines[MAJORITY].agreement
    if student.accuracy > majority.accuracy or student.qwk >= _MORE_THAN_SLIGHT:
        return ""
    if majority.accuracy == 1:
        return ""  # one score alone to measure on
    figures = f"accuracy {student.accuracy:.3f}, {majority.accuracy:.3f}"
    return _guessing(f"item '{item.item_id}'", f"{figures}; QWK {student.qwk:.3f}")


def _guessing(whose: str, figures: str) -> str:
    return (
        f"{whose}: the small model is no better than always giving the most frequent score "
        f"({figures}). Do not use it: it needs more scored responses, or scores that follow from "
        "the responses"
    )


def _without_teacher(whose: str, figure: str, student: float, alone: float) -> str:
    return (
        f"{whose}: the large model did not help: the small model agrees with people no better "
        f"than the same one trained on people's scores alone ({figure} {student:.3f}, "
        f"{alone:.3f}). More scored responses, --unlabelled, --variants or another --model may help"
    )
