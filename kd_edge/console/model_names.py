"""What progress and messages call the two models: the words of researchers, or of schools."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelNames:
    """What the models are called.

    Attributes:
        teacher: the language model that is fine-tuned.
        student: the network that is distilled from it.
        baseline: the same network, trained without the teacher.
    """

    teacher: str
    student: str
    baseline: str


RESEARCH = ModelNames("teacher", "student", "student without teacher")
"""For the commands of single stages (`teacher`, `label`, `distill`, `export`), and for results."""

SCHOOL = ModelNames("large model", "small model", "small model alone")
"""For `run`, reports and model cards."""
