"""Distils an item's student, and trains the same student without a teacher for comparison."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kd_edge.console.model_names import RESEARCH, ModelNames
from kd_edge.data.responses import Item, Row
from kd_edge.distillation.calibrate import calibrate, with_flags
from kd_edge.distillation.examples import Examples, with_soft_labels, without_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.distillation.train import Training
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import choose_decision
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.students import registry
from kd_edge.students.base import TextSources
from kd_edge.students.student import Student, TextStage, probabilities
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text.relation import Relation


@dataclass(frozen=True)
class Distilled:
    """The outcome of a distillation.

    Attributes:
        student: trained on people's scores, the teacher's probabilities and the variants.
        baseline: the same network, trained on people's scores alone (the paper's ANN).
    """

    student: Student
    baseline: Student


@dataclass(frozen=True, eq=False)
class LearningData:
    """What the students of an item are trained on, and chosen by.

    Attributes:
        item: the item.
        rows: the scored rows to train on.
        held_out: scored rows by which the best epoch, the temperature, the decision and the
            threshold of review are chosen.
        labels: the teacher's probabilities [K] by response id, at least for `rows`.
        variants: teacher-labelled variants, if any.
        teacher: the teacher's folder, whose tokenizer a transformer student needs.
        relations: for a student of many questions, their relations by item id.
        names: what progress calls the models.

    Raises:
        InputError: a row has no soft label, or there are no rows to train on or none held out.
    """

    item: Item
    rows: Sequence[Row]
    held_out: Sequence[Row]
    labels: Mapping[str, npt.NDArray[np.floating]]
    variants: Variants | None = None
    teacher: Path | None = None
    relations: Mapping[str, Relation] | None = None
    names: ModelNames = RESEARCH

    def __post_init__(self) -> None:
        name, rows, held_out = self.item.item_id, self.rows, self.held_out
        if not rows or not held_out:
            raise InputError(
                f"item '{name}': {len(rows)} responses to train on and {len(held_out)} "
                "held-out ones are too few"
            )
        missing = [row.response_id for row in rows if row.response_id not in self.labels]
        if missing:
            more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
            raise InputError(
                f"item '{name}': no soft label for {', '.join(missing[:5])}{more}: label "
                "these responses too"
            )

    @property
    def texts(self) -> list[str]:
        """The responses to train on."""
        return [row.text for row in self.rows]

    def learn_text(self, options: DistilOptions) -> TextStage:
        """The frozen text stage of a student."""
        kind = registry.get(options.student)
        sources = TextSources(self.texts, self.teacher, self.relations or {})
        return kind.learn_text(sources, kind.options(options.student_options))


def distil(data: LearningData, options: DistilOptions, work: Path) -> Distilled:
    """Distils a student of one item, and trains the same student without a teacher (the baseline).

    Args:
        data: what they learn from.
        options: the options of both.
        work: a folder for checkpoints, so that a stopped run can be resumed.

    Raises:
        InputError: the data do not suffice for a student of that kind.
        StoppedError: the user stopped it; the same call resumes.
    """
    text = data.learn_text(options)
    examples = with_soft_labels(data.rows, data.labels, data.variants)
    folders = [work / "student", work / "baseline"]
    training = f"training the {data.names.student}"
    student = train_student(data.item, examples, data.held_out, text, options, folders[0], training)
    baseline = train_baseline(data, text, options, folders[1])
    clear_work(work, folders)
    return Distilled(student, baseline)


def clear_work(work: Path, folders: Sequence[Path]) -> None:
    """Removes checkpoints once everything is trained, so that a stopped run keeps them all.

    Their folder is kept if it contains anything else.
    """
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # it contains other files
        work.rmdir()


def train_student(
    item: Item,
    examples: Examples,
    held_out: Sequence[Row],
    text: TextStage,
    options: DistilOptions,
    work: Path,
    description: str,
) -> Student:
    """Trains one student; see `distil`.

    The caller removes the checkpoint in `work`. The description is shown beside the progress bar.

    Raises:
        StoppedError: the user stopped it; the same call resumes.
    """
    kind = registry.get(options.student)
    chosen = kind.fit_options(options.student_options, text)
    classes = len(item.scale.classes)
    validation, scores = without_soft_labels(held_out, classes), human_scores(held_out)
    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        network = kind.build(text, classes, chosen)
    training = Training(network, text, examples, validation, item.scale, options)
    state = training.run(work, description)
    raw = probabilities(network, text, validation.texts, validation.questions)
    calibrated, calibration = calibrate(network, raw, scores)
    student = Student(
        kind=options.student,
        item_id=item.item_id,
        scale=item.scale,
        decision=choose_decision(calibrated, scores, item.scale),
        options=chosen,
        text=text,
        network=network,
        provenance={
            "weight": options.weight,
            "temperature": options.temperature,
            "seed": options.seed,
            "rows": int((examples.scores >= 0).sum()),
            "variants": int((examples.scores < 0).sum()),
            "validation": asdict(state.best),
            "calibration": calibration,
        },
        held_out=tuple(row.response_id for row in held_out),
        markup=item.markup,
    )
    scored = [examples.texts[at] for at in np.flatnonzero(examples.scores >= 0).tolist()]
    return with_flags(student, scored, held_out, options.review_accuracy)


def train_baseline(
    data: LearningData, text: TextStage, options: DistilOptions, work: Path
) -> Student:
    """Trains the same student on people's scores alone; see `train_student`."""
    return train_student(
        data.item,
        without_soft_labels(data.rows, len(data.item.scale.classes)),
        data.held_out,
        text,
        replace(options, weight=0.0),
        work,
        f"training the {data.names.baseline}",
    )
