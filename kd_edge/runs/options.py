"""The options of a full run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from kd_edge.distillation.cascade import CascadeOptions
from kd_edge.distillation.options import DistilOptions
from kd_edge.size_search.tried import Limits, check_kinds
from kd_edge.soft_labels.augmentation import variants_for
from kd_edge.stages.record import plain_options
from kd_edge.teacher.options import TeacherOptions
from kd_edge_runtime.errors import InputError


@dataclass(frozen=True)
class RunOptions:
    """The options of a full run.

    Attributes:
        teacher: how the teacher is fine-tuned.
        teachers: number of teachers, with consecutive seeds: a response gets the mean of their
            probabilities, and the variants are divided among them.
        folds: the number of teachers that cross-fit the soft labels; 0 for in-sample labels.
        variants: number of teacher-labelled variants; None for a number that suits the rows.
        distil: how the student is distilled.
        cascade: when the second of two students is asked.
        limits: what the bundle of an item by itself may take; with them students of several sizes
            are tried, and the most accurate that is within them is taken. None for one size.
        kinds: with limits, the kinds that are tried; by default that of `distil`, whose options
            are those of the largest.

    Raises:
        InputError: a value is out of its range.
    """

    teacher: TeacherOptions = field(default_factory=TeacherOptions)
    teachers: int = 1
    folds: int = 0
    variants: int | None = None
    distil: DistilOptions = field(default_factory=DistilOptions)
    cascade: CascadeOptions = field(default_factory=CascadeOptions)
    limits: Limits | None = None
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Checked here, not after a teacher has been fine-tuned for an hour.
        if self.folds < 0 or self.folds == 1:
            raise InputError(f"the number of folds cannot be {self.folds}: use 0, or 2 and more")
        if self.teachers < 1:
            raise InputError(f"the number of large models cannot be {self.teachers}: use 1 or more")
        if self.folds and self.teachers > 1:
            raise InputError(
                "give --folds or --teachers, not both: cross-fitting trains large models itself"
            )
        replace(self.teacher, seed=self.teacher.seed + self.teachers - 1)  # the last teacher's
        variants_for(0, self.variants)
        if self.limits is not None:
            check_kinds(self.searched)

    @property
    def searched(self) -> tuple[str, ...]:
        """The kinds of student that are tried within the limits."""
        return self.kinds or (self.distil.student,)

    def as_json(self) -> dict[str, Any]:
        """As JSON types; limits and kinds only where there are limits."""
        content = plain_options(self)
        if self.limits is None:
            del content["limits"], content["kinds"]
        return content
