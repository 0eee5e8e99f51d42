"""What `benchmarks.agreement` left of an item in its work folder, read again."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.made_items import made_items
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Item, Row
from kd_edge.data.splits import split_item
from kd_edge.distillation.distil import train_student
from kd_edge.distillation.examples import Examples
from kd_edge.distillation.options import DistilOptions
from kd_edge.runs.folder import item_folder
from kd_edge.soft_labels.label_variants import Variants, read_variants
from kd_edge.soft_labels.labels import labels_by_id
from kd_edge.students.student import Student, TextStage
from kd_edge.teacher.held_out import learning_rows
from kd_edge.teacher.options import TeacherOptions

SAMPLE = Path(__file__).parent.parent / "kd_edge" / "sample"


@dataclass(frozen=True)
class Left:
    """An item with what its teacher made.

    Attributes:
        folder: the item's folder.
        item: the item.
        rows: the rows that students learn from.
        held_out: the rows to choose by.
        test: the rows to measure on, once.
        labels: the teacher's probabilities by response id, for `rows` and `held_out`.
        variants: teacher-labelled variants.
        sources: prompt and rubric.
        test_labels: the teacher's probabilities of `test`, if it has labelled them.
    """

    folder: Path
    item: Item
    rows: tuple[Row, ...]
    held_out: tuple[Row, ...]
    test: tuple[Row, ...]
    labels: Mapping[str, npt.NDArray[np.float32]]
    variants: Variants
    sources: tuple[str, ...]
    test_labels: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)


def asap_sas(prompt: str, data: Path, work: Path, *, test: bool = False) -> Left:
    """A prompt of ASAP-SAS; its test rows are read only if asked for."""
    folder = data / "asap-sas"
    item = read_responses(folder / "train.tsv", only_items=(prompt,)).items[0]
    source = (folder / "prompts" / f"{prompt}.txt").read_text(encoding="utf-8")
    rows: tuple[Row, ...] = ()
    if test:
        measured = read_responses(folder / "test.tsv", only_items=(prompt,), scored=False)
        options = TeacherOptions()
        split = split_item(
            item, measured.items[0], options.validation, options.seed, measured.source
        )
        rows = split.test
    return _left(item, item_folder(work / f"asap-sas-{prompt}", prompt), rows, (source,))


def sample(name: str, work: Path) -> Left:
    """A sample item, split as `benchmarks.agreement` splits it."""
    folder = SAMPLE / name
    options = TeacherOptions()
    split = split_item(
        read_responses(folder / "responses.csv").items[0], None, options.validation, options.seed
    )
    sources = tuple(
        (folder / one).read_text(encoding="utf-8") for one in ("prompt.txt", "rubric.txt")
    )
    left = item_folder(work / f"sample-{name}", split.item.item_id)
    return _left(split.item, left, split.test, sources)


def made(name: str, work: Path) -> Left:
    """An invented item, split as `kd-edge run` splits it."""
    options = TeacherOptions()
    split = split_item(made_items()[name].item, None, options.validation, options.seed)
    left = item_folder(work / f"made-{name}", split.item.item_id)
    return _left(split.item, left, split.test, ())


def trained(
    item: Item,
    examples: Examples,
    held_out: Sequence[Row],
    text: TextStage,
    options: DistilOptions,
    said: str,
) -> Student:
    """A student that no run keeps: `train_student` with a folder that goes again."""
    with tempfile.TemporaryDirectory() as scratch:
        return train_student(item, examples, held_out, text, options, Path(scratch), said)


def divergence(teacher: np.ndarray, student: np.ndarray) -> float:
    """Mean Kullback-Leibler divergence of a student from its teacher, in nats.

    Args:
        teacher: probabilities; [N, K].
        student: the student's; [N, K].
    """
    ratio = np.log(np.maximum(teacher, 1e-9)) - np.log(np.maximum(student, 1e-9))
    return float((teacher * ratio).sum(1).mean())


def _left(item: Item, folder: Path, test: tuple[Row, ...], sources: tuple[str, ...]) -> Left:
    rows, held_out = learning_rows(item, folder / "teacher", 0)
    classes, measured = item.scale.classes, folder / "test_labels.csv"
    return Left(
        folder=folder,
        item=item,
        rows=rows,
        held_out=held_out,
        test=test,
        labels=labels_by_id(folder / "labels.csv", classes, [*rows, *held_out]),
        variants=read_variants(folder / "variants.csv", classes),
        sources=sources,
        test_labels=labels_by_id(measured, classes, test) if test and measured.exists() else {},
    )
