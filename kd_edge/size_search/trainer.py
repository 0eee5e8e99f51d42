"""Trains the students of a search for a size, all from the same labels."""

from __future__ import annotations

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
        self._bag, self.cut = bag, options.second or options
        self._work = work
        self._folders: list[Path] = []

    @cached_property
    def baseline(self) -> Student:
        """The largest bag without a teacher."""
        return train_baseline(self.data, self._text, self._bag, self._folder("alone"))

    @cached_property
    def whole(self) -> Student:
        """The largest bag."""
        student = self._train(self._text, self._bag, "whole", "training the largest student")
        return self._judged(student, self._bag)  # a bundle's bytes count the choice too

    @cached_property
    def first(self) -> Student:
        """The largest bag as it ships: without a teacher where that is better."""
        return self._shipped(self.whole, self.baseline, self._bag)

    def bag(self, pruned: Student, dimensions: int, bits: int) -> Student:
        """A smaller bag of another's n-grams."""
        size = pruned.text.vocabulary.size
        description = f"{size:,} n-grams, {dimensions} dimensions, {bits} bits"
        options = self._of_shape(size, dimensions, bits)
        student = self._train(pruned.text, options, f"{size}-{dimensions}-{bits}", description)
        return self._judged(student, self._bag)

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
        folder = self._folder("alone-{}-{}-{}".format(*size))
        baseline = train_baseline(self.data, sized.student.text, self._of_shape(*size), folder)
        return Distilled(self._shipped(sized.student, baseline, self._bag), baseline)

    def clear(self) -> None:
        """Removes the checkpoints."""
        clear_work(self._work, self._folders)

    @cached_property
    def _text(self) -> TextStage:
        return self.data.learn_text(self._bag)

    @cached_property
    def _share(self) -> float:
        return share_for(self.data, self.baseline, self._bag)

    @cached_property
    def _examples(self) -> Examples:
        taught = stacked(self.data, self.baseline, self._share)
        return with_soft_labels(taught.rows, taught.labels, taught.variants)

    def _train(
        self, text: TextStage, options: DistilOptions, folder: str, description: str
    ) -> Student:
        item, held_out = self.data.item, self.data.held_out
        examples, work = self._examples, self._folder(folder)
        return train_student(
            item, examples, held_out, text, options, work, description, self.data.sharing
        )

    def _folder(self, name: str) -> Path:
        self._folders.append(self._work / name)
        return self._folders[-1]

    def _of_shape(self, ngrams: int, dimensions: int, bits: int) -> DistilOptions:
        shape = {"ngrams": ngrams, "dimensions": dimensions, "bits": bits}
        return replace(self._bag, student_options={**self._bag.student_options, **shape})

    def _judged(self, student: Student, options: DistilOptions) -> Student:
        return judged(self.data, student, self.baseline, self._share, options)

    def _shipped(self, student: Student, alone: Student, options: DistilOptions) -> Student:
        return shipped(self.data, student, alone, self._share, options)
