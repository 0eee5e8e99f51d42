"""How a student is distilled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from kd_edge.evaluation.review import ACCURACY
from kd_edge_runtime.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """What suits a kind of student; measured, see `benchmarks/README.md`.

    Attributes:
        learning_rate: the highest, at a tenth of the way.
        epochs: passes over rows and variants.
        batch_size: examples a step.
        least_steps: more passes are made over few examples until there are this many steps.
        clip: greatest norm of the gradient.
    """

    learning_rate: float
    epochs: int
    batch_size: int
    least_steps: int
    clip: float


RECIPES: Mapping[str, Recipe] = {
    "bag": Recipe(5e-3, epochs=16, batch_size=128, least_steps=1500, clip=10.0),
    "rnn": Recipe(6e-3, epochs=10, batch_size=64, least_steps=1000, clip=1.0),
    "transformer": Recipe(3e-4, epochs=5, batch_size=32, least_steps=600, clip=1.0),
}


# The student that items share is not one to choose among those of a single item.
_RECIPES = {**RECIPES, "pairs": RECIPES["bag"]}


@dataclass(frozen=True)
class DistilOptions:
    """How a student is distilled.

    Attributes:
        student: "bag", "rnn" or "transformer"; "pairs" where questions share one.
        student_options: options of that kind by name, see `kd_edge.students`.
        weight: lambda, what the teacher's opinion of a response counts beside its human score.
        temperature: T >= 1 softens the teacher's probabilities, and the student's while it
            learns from them.
        epochs: passes over the examples; None for the recipe's.
        seed: for the weights and the order of the examples.
        review_accuracy: exact agreement with people that is wanted of the scores nobody looks
            at, by which the threshold of `review` is chosen.
    """

    student: str = "bag"
    student_options: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0
    temperature: float = 1.0
    epochs: int | None = None
    seed: int = 0
    review_accuracy: float = ACCURACY

    def __post_init__(self) -> None:
        if self.student not in _RECIPES:
            known = ", ".join(RECIPES)
            raise InputError(f"there is no student '{self.student}': choose from {known}")
        if not 0 <= self.weight < inf:  # what is no number either
            raise InputError(f"lambda is {self.weight}, it must be 0 or more")
        if not 1 <= self.temperature < inf:
            raise InputError(f"the temperature is {self.temperature}, it must be 1 or more")
        if self.epochs is not None and self.epochs < 1:
            raise InputError(f"{self.epochs} epochs are too few: at least 1")
        if not 0 < self.review_accuracy < 1:
            raise InputError(
                f"the accuracy wanted beside review is {self.review_accuracy}, it must be "
                "between 0 and 1"
            )

    @property
    def recipe(self) -> Recipe:
        """The recipe of the student's kind."""
        return _RECIPES[self.student]
