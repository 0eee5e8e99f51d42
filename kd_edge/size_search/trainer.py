"""Trains the students of a search for a size, all from the same labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from kd_edge.distillation.distil import Distilled, clear_work, train_baseline, train_student
from kd_edge.distillation.examples import Examples, with_soft_labels
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.distillation.stacking import judged, share_for, shipped, stacked
from kd_edge.size_search.cuts import PlannedCut
from kd_edge.size_search.search import Sized
from kd_edge.students.registry import DEFAULT, SECOND
from kd_edge.students.student import Student, TextStage


class Trainer:
    """Trains each student once; what is finished is read from its checkpoint.

    Args:
        data: what they learn from.
        options: those of the largest bag, of the transformers, or of both; smaller bags differ in
            their size alone.
        work: the folder for checkpoints.
    """

    def __init__(self, data: LearningData, options: DistilOptions, work: Path) -> None:
        self.data = data
        bag = options.first
        if bag.student == SECOND:  # a bag beside it is trained without a teacher
            bag = options.of_kind(DEFAULT)
        self.largest, self.cut = bag, options.second or options
        self.work = work
        self._folders: list[Path] = []

    @cached_property
    def baseline(self) -> Student:
        """The largest bag without a teacher."""
        return self._alone(self._text, self.largest, "alone")

    @cached_property
    def whole(self) -> Student:
        """The largest bag."""
        student = self._train(self._text, self.largest, "whole", "training the largest student")
        return self._judged(student, self.largest)  # a bundle's bytes count the choice too

    @cached_property
    def first(self) -> Student:
        """The largest bag as it ships: without a teacher where that is better."""
        return self._shipped(self.whole, self.baseline, self.largest)

    def bag(self, pruned: Student, dimensions: int, bits: int) -> Student:
        """A smaller bag of another's n-grams."""
        size = pruned.text.vocabulary.size
        description = f"{size:,} n-grams, {dimensions} dimensions, {bits} bits"
        options = self._of_shape(size, dimensions, bits)
        student = self._train(pruned.text, options, f"{size}-{dimensions}-{bits}", description)
        return self._judged(student, self.largest)

    def transformer(self, planned: PlannedCut) -> Student:
        """A transformer, to ask beside a bag."""
        layers = "-".join(map(str, planned.layers))
        return self._train(
            planned.text, planned.options, f"layers-{layers}", f"training a {planned}"
        )

    def alone(self, transformer: Student) -> Student:
        """The same with the choice between it and the largest bag without a teacher."""
        return self._judged(transformer, self.cut)

    def distilled(self, sized: Sized) -> Distilled:
        """What ships of the students that were found, and the same without a teacher."""
        chosen = sized.chosen
        if sized.second:
            return Distilled(sized.student, self.baseline, sized.second)
        if chosen.layers:
            student = self._shipped(sized.student, self.baseline, self.cut)
            return Distilled(student, self.baseline)
        size = (chosen.ngrams, chosen.dimensions, chosen.bits)
        name = "alone-{}-{}-{}".format(*size)
        baseline = self._alone(sized.student.text, self._of_shape(*size), name)
        return Distilled(self._shipped(sized.student, baseline, self.largest), baseline)

    def clear(self) -> None:
        """Removes the checkpoints."""
        clear_work(self.work, [folder.name for folder in self._folders])

    @cached_property
    def _text(self) -> TextStage:
        return self.data.learn_text(self.largest)

    @cached_property
    def _share(self) -> float:
        return share_for(self.data, self.baseline, self.largest)

    @cached_property
    def _examples(self) -> Examples:
        taught = stacked(self.data, self.baseline, self._share)
        return with_soft_labels(taught.rows, taught.labels, taught.variants)

    def _train(
        self, text: TextStage, options: DistilOptions, folder: str, description: str
    ) -> Student:
        item, held_out = self.data.item, self.data.held_out
        sharing = self.data.sharing
        return self.trained(
            folder,
            options,
            lambda work: train_student(
                item, self._examples, held_out, text, options, work, description, sharing
            ),
        )

    def _alone(self, text: TextStage, options: DistilOptions, folder: str) -> Student:
        """A student of that kind without a teacher."""
        return self.trained(
            folder, options, lambda work: train_baseline(self.data, text, options, work)
        )

    def trained(
        self, name: str, _options: DistilOptions, train: Callable[[Path], Student]
    ) -> Student:
        """What `train` makes with a folder for checkpoints; it has the same for the same name."""
        self._folders.append(self.work / name)
        return train(self._folders[-1])

    def _of_shape(self, ngrams: int, dimensions: int, bits: int) -> DistilOptions:
        shape = {"ngrams": ngrams, "dimensions": dimensions, "bits": bits}
        return replace(self.largest, student_options={**self.largest.student_options, **shape})

    def _judged(self, student: Student, options: DistilOptions) -> Student:
        return judged(self.data, student, self.baseline, self._share, options)

    def _shipped(self, student: Student, alone: Student, options: DistilOptions) -> Student:
        return shipped(self.data, student, alone, self._share, options)
