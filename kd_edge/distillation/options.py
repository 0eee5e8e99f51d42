"""The options of distillation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from kd_edge.evaluation.review import ACCURACY
from kd_edge.students import registry
from kd_edge.students.base import Recipe
from kd_edge.students.sharing import LEAST
from kd_edge_runtime.errors import InputError

# How many must share what a vocabulary keeps: an option of every kind of student.
_SHARED = "min_responses"


@dataclass(frozen=True)
class DistilOptions:
    """The options of distillation.

    Attributes:
        student: the kind of student, one of `registry.REGISTRY`, or `registry.BOTH`.
        student_options: options of that kind by name; of both, those of the first.
        second_options: of both, those of the second.
        weight: lambda, the weight of the teacher's soft labels beside the human scores.
        teacher_share: the teacher's weight, 0 to 1, in soft labels that are its probabilities
            averaged with those of the student without a teacher; None chooses it on held-out
            responses, and which of the two students ships.
        temperature: T >= 1 softens the teacher's probabilities, and in training the student's.
        epochs: passes over the examples; None for those of the kind's recipe. Of both, those of the
            first.
        seed: seed of the initial weights and of the order of the examples.
        review_accuracy: exact agreement with people required of the scores that are not
            flagged `review`, by which its threshold is chosen, 0 to 1.
    """

    student: str = registry.DEFAULT
    student_options: Mapping[str, Any] = field(default_factory=dict)
    second_options: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0
    teacher_share: float | None = None
    temperature: float = 1.0
    epochs: int | None = None
    seed: int = 0
    review_accuracy: float = ACCURACY

    def __post_init__(self) -> None:
        registry.check_name(self.first.student)
        for values in (self.student_options, self.second_options):
            least = values.get(_SHARED, LEAST)
            if least < LEAST:
                raise InputError(
                    f"a bundle keeps what {least} share: no fewer than {LEAST} may, so that it "
                    "holds nothing that tells of one of them"
                )
        if not 0 <= self.weight < inf:  # false for NaN too
            raise InputError(f"lambda is {self.weight}, it must be 0 or more")
        if self.teacher_share is not None and not 0 <= self.teacher_share <= 1:
            raise InputError(
                f"the teacher's share of the soft labels is {self.teacher_share}, it must be "
                "between 0 and 1"
            )
        if not 1 <= self.temperature < inf:
            raise InputError(f"the temperature is {self.temperature}, it must be 1 or more")
        if self.epochs is not None and self.epochs < 1:
            raise InputError(f"{self.epochs} epochs are too few: the number must be 1 or more")
        if not 0 < self.review_accuracy < 1:
            raise InputError(
                f"the review accuracy is {self.review_accuracy}, it must be between 0 and 1"
            )

    def of_kind(self, kind: str) -> DistilOptions:
        """The options of a student of another kind to compare with, which has that kind's own."""
        values = {
            name: self.student_options[name] for name in (_SHARED,) if name in self.student_options
        }
        return replace(self, student=kind, student_options=values, epochs=None)

    @property
    def recipe(self) -> Recipe:
        """The recipe of the student, or of the first of both."""
        kind = registry.get(self.first.student)
        return kind.recipe_for(kind.options(self.first.student_options))

    @property
    def first(self) -> DistilOptions:
        """The options of the student, or of the first of both."""
        couple = registry.COUPLES.get(self.student)
        return self if couple is None else replace(self, student=couple[0], second_options={})

    @property
    def second(self) -> DistilOptions | None:
        """The options of the second of both."""
        couple = registry.COUPLES.get(self.student)
        if couple is None:
            return None
        chosen = self.second_options
        return replace(
            self, student=couple[1], student_options=chosen, second_options={}, epochs=None
        )
