"""What a student learns from and which student ships, chosen on held-out responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kd_edge.evaluation.calibration import Floats


@dataclass(frozen=True)
class Choice:
    """What was chosen for a student, and the figures behind it.

    Attributes:
        teacher_share: the weight of the teacher in the soft labels, 0 to 1; the rest is that of
            the student without a teacher.
        with_teacher: whether the student that learnt from these labels ships; else the one without
            a teacher.
        given: whether the share was given, and not chosen.
        responses: number of held-out responses.
        losses: their mean log-loss by who scores them: `teacher`, `baseline`, `labels` (the
            weighted mean of the two) and `student`. The teacher's and the labels' are only there
            where the teacher labelled the held-out responses.
    """

    teacher_share: float
    with_teacher: bool
    given: bool
    responses: int
    losses: Mapping[str, float]

    def __str__(self) -> str:
        """What was chosen and why in a sentence, for a school."""
        on = f"on {self.responses} held-out responses"
        if not self.with_teacher:
            return (
                "It is the small model alone, trained on people's scores: "
                f"{on} it fits people's scores better than the one that also learnt from the large "
                "model, or is more often right."
            )
        if self.teacher_share == 1:
            text = "It learnt from the large model's scores"
            if self.given or "teacher" not in self.losses:
                return f"{text}."
            return (
                f"{text}, unmixed: {on} the small model alone agrees too little with people, or a "
                "mean of both does not fit people's scores better."
            )
        if not self.teacher_share:
            text = "It learnt from the scores of the small model alone, not the large model's"
            return f"{text}." if self.given else f"{text}, which {on} fit people's scores worse."
        text = (
            f"It learnt from a mean of the large model's scores ({self.teacher_share:.0%}) and of "
            f"those of the small model alone ({1 - self.teacher_share:.0%})"
        )
        if self.given:
            return f"{text}."
        return f"{text}: {on} this mean fits people's scores better than the large model's."


def choice_of(provenance: Mapping[str, Any]) -> Choice | None:
    """The choice in a student's provenance; None from an older version, or without a teacher.

    Reports of runs have it by the same name.
    """
    saved = provenance.get("choice")
    return None if saved is None else Choice(**saved)


def first_as_good(losses: Floats) -> int:
    """The first candidate that is as good as the best one, by the rule of one standard error.

    Breiman, Friedman, Olshen and Stone (1984), "Classification and Regression Trees", section
    3.4.3: a candidate is as good if its mean loss is higher than the least by no more than the
    standard error of the difference. So few responses, or a small gain, leave the default.

    Args:
        losses: of C candidates, the default first, on the same N responses; [C, N], N > 0.

    Returns:
        Its place, 0 to C - 1.
    """
    worse = losses - losses[losses.mean(axis=1).argmin()]
    error = worse.std(axis=1, ddof=1) / worse.shape[1] ** 0.5 if worse.shape[1] > 1 else 0.0
    return int((worse.mean(axis=1) <= error).argmax())
