"""Distils the most accurate bag whose bundle fits into so many bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Item, Row
from kd_edge.distillation.distil import Distilled, check_rows, clear_work, train_student
from kd_edge.distillation.examples import taught, untaught
from kd_edge.distillation.options import DistilOptions
from kd_edge.size_search.search import Search, Sized
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.students import kinds
from kd_edge.students.kind import TextSources
from kd_edge.students.student import Student
from kd_edge_runtime.errors import InputError


def distil_to_size(
    item: Item,
    rows: Sequence[Row],
    held_out: Sequence[Row],
    labels: Mapping[str, npt.NDArray[np.float32]],
    variants: Variants | None,
    options: DistilOptions,
    work: Path,
    search: Search,
) -> tuple[Distilled, Sized]:
    """Distils students of several sizes.

    Args:
        item: the item.
        rows: the scored rows to learn from.
        held_out: scored rows to choose by; those of the search.
        labels: the teacher's probabilities [K] by response id, at least for `rows`.
        variants: teacher-labelled variants, if any.
        options: how the largest is distilled; the smaller ones differ in their size alone.
        work: a folder for checkpoints, so that a stopped run goes on.
        search: the limit.

    Returns:
        The most accurate student that fits, the same one without a teacher, and what was tried.

    Raises:
        InputError: the student is no bag, or see `distil`.
        TooSmallError: nothing fits.
        StoppedError: the user stopped it; a second start goes on.
    """
    kind = kinds.get(options.student)
    if not kind.has_sizes:
        raise InputError(
            f"a {options.student} student has one size: only a bag can be trained to fit into a "
            "number of bytes"
        )
    check_rows(item, rows, held_out, labels)
    examples = taught(rows, labels, variants)
    texts = [row.text for row in rows]
    text = kind.learn_text(TextSources(texts), kind.options(options.student_options))
    folders = [work / "whole"]
    whole = train_student(
        item, examples, held_out, text, options, folders[0], "distilling the largest bag"
    )

    def train(pruned: Student, dimensions: int, bits: int) -> Student:
        size = pruned.text.vocabulary.size
        sized = {"ngrams": size, "dimensions": dimensions, "bits": bits}
        folders.append(work / f"{size}-{dimensions}-{bits}")
        return train_student(
            item,
            examples,
            held_out,
            pruned.text,
            replace(options, student_options={**options.student_options, **sized}),
            folders[-1],
            f"{size:,} n-grams, {dimensions} dimensions, {bits} bits",
        )

    sized = search.retrained(whole, texts, train)
    chosen = {
        "ngrams": sized.chosen.ngrams,
        "dimensions": sized.chosen.dimensions,
        "bits": sized.chosen.bits,
    }
    folders.append(work / "baseline")
    baseline = train_student(
        item,
        untaught(rows, len(item.scale.classes)),
        held_out,
        sized.student.text,
        replace(options, weight=0.0, student_options={**options.student_options, **chosen}),
        folders[-1],
        "the same bag without a teacher",
    )
    clear_work(work, folders)
    return Distilled(sized.student, baseline), sized
