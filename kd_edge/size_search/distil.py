"""Distils the most accurate bag whose bundle fits into so many bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Item, Row
from kd_edge.distillation.distil import (
    Distilled,
    checked_labels,
    clear_work,
    train_baseline,
    train_student,
)
from kd_edge.distillation.examples import with_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.size_search.search import Search, Sized
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.soft_labels.labels import SoftLabels
from kd_edge.students import registry
from kd_edge.students.base import TextSources
from kd_edge.students.student import Student
from kd_edge.training.checkpoint import work_folder
from kd_edge_runtime.errors import InputError


def distil_to_size(
    item: Item,
    rows: Sequence[Row],
    held_out: Sequence[Row],
    labels: SoftLabels | Mapping[str, npt.NDArray[np.floating]],
    variants: Variants | None,
    options: DistilOptions,
    work: Path | None,
    search: Search,
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
    kind = registry.get(options.student)
    if not kind.has_sizes:
        raise InputError(
            f"students of kind {options.student} have one size: only a bag can be trained to fit "
            "into a number of bytes"
        )
    examples = with_soft_labels(rows, checked_labels(item, rows, held_out, labels), variants)
    texts = [row.text for row in rows]
    text = kind.learn_text(TextSources(texts), kind.options(options.student_options))
    with work_folder(work) as folder:
        folders = [folder / "whole"]
        whole = train_student(
            item, examples, held_out, text, options, folders[0], "training the largest student"
        )

        def of_shape(ngrams: int, dimensions: int, bits: int) -> DistilOptions:
            shape = {"ngrams": ngrams, "dimensions": dimensions, "bits": bits}
            return replace(options, student_options={**options.student_options, **shape})

        def train(pruned: Student, dimensions: int, bits: int) -> Student:
            size = pruned.text.vocabulary.size
            folders.append(folder / f"{size}-{dimensions}-{bits}")
            return train_student(
                item,
                examples,
                held_out,
                pruned.text,
                of_shape(size, dimensions, bits),
                folders[-1],
                f"{size:,} n-grams, {dimensions} dimensions, {bits} bits",
            )

        sized = search.retrained(whole, texts, train)
        best = sized.chosen
        folders.append(folder / "baseline")
        baseline = train_baseline(
            item,
            rows,
            held_out,
            sized.student.text,
            of_shape(best.ngrams, best.dimensions, best.bits),
            folders[-1],
        )
        clear_work(folder, folders)
        return Distilled(sized.student, baseline), sized
