"""Distils the most accurate bag whose bundle fits into so many bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kd_edge.distillation.distil import (
    Distilled,
    clear_work,
    train_baseline,
    train_student,
)
from kd_edge.distillation.examples import with_soft_labels
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.distillation.stacking import judged, share_for, shipped, stacked
from kd_edge.size_search.search import Search, Sized
from kd_edge.students import registry
from kd_edge.students.student import Student
from kd_edge_runtime.errors import InputError


def distil_to_size(
    data: LearningData, options: DistilOptions, work: Path, search: Search
) -> tuple[Distilled, Sized]:
    """Distils students of several sizes; see `distil` for the arguments.

    The held-out rows are those of the search. The options are those of the largest student; the
    smaller ones differ in their size alone.

    Returns:
        The most accurate student that fits with the same one without a teacher, and the search.

    Raises:
        InputError: students of this kind have one size, or see `distil`.
        TooSmallError: nothing fits.
        StoppedError: the user stopped it; the same call resumes.
    """
    if options.second or not registry.get(options.student).has_sizes:
        raise InputError(
            f"students of kind {options.student} have one size: only a bag can be trained to fit "
            "into a number of bytes"
        )
    item, held_out, text = data.item, data.held_out, data.learn_text(options)
    folders = [work / "whole", work / "alone"]
    alone = train_baseline(data, text, options, folders[1])
    share = share_for(data, alone, options)
    taught = stacked(data, alone, share)
    examples = with_soft_labels(taught.rows, taught.labels, taught.variants)
    whole = train_student(
        item, examples, held_out, text, options, folders[0], "training the largest student"
    )
    whole = judged(data, whole, alone, share, options)  # a bundle's bytes count the choice too

    def of_shape(ngrams: int, dimensions: int, bits: int) -> DistilOptions:
        shape = {"ngrams": ngrams, "dimensions": dimensions, "bits": bits}
        return replace(options, student_options={**options.student_options, **shape})

    def train(pruned: Student, dimensions: int, bits: int) -> Student:
        size = pruned.text.vocabulary.size
        folders.append(work / f"{size}-{dimensions}-{bits}")
        shape = of_shape(size, dimensions, bits)
        description = f"{size:,} n-grams, {dimensions} dimensions, {bits} bits"
        student = train_student(
            item, examples, held_out, pruned.text, shape, folders[-1], description
        )
        return judged(data, student, alone, share, options)

    sized = search.retrained(whole, data.texts, train)
    best = sized.chosen
    folders.append(work / "baseline")
    shape = of_shape(best.ngrams, best.dimensions, best.bits)
    baseline = train_baseline(data, sized.student.text, shape, folders[-1])
    clear_work(work, folders)
    student = shipped(data, sized.student, baseline, share, options)
    return Distilled(student, baseline), sized
