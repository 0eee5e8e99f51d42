"""Distils an item's student, and trains the same student without a teacher for comparison."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import KW_ONLY, asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kd_edge.data.responses import Item, Row
from kd_edge.distillation.calibrate import calibrate, with_flags
from kd_edge.distillation.choice import choice_of
from kd_edge.distillation.examples import Examples, with_soft_labels, without_soft_labels
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.distillation.stacking import share_for, shipped, stacked
from kd_edge.distillation.train import Training
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import choose_decision
from kd_edge.students import registry
from kd_edge.students.base import no_teacher
from kd_edge.students.sharing import Sharing
from kd_edge.students.student import Student, TextStage, probabilities
from kd_edge.training.doubts import Doubt


@dataclass(frozen=True)
class Distilled:
    """The outcome of a distillation.

    Attributes:
        student: the one that ships: trained on people's scores, soft labels and variants, unless
            the baseline fits held-out responses better.
        baseline: the same network, trained on people's scores alone (the paper's ANN); a bag beside
            a student that cannot be trained without a teacher.
        second: the second of both, if both were asked for.
        warnings: what is doubtful about the responses, and what the student does not do better.
    """

    student: Student
    baseline: Student
    second: Student | None = None
    _: KW_ONLY
    warnings: tuple[Doubt, ...] = ()


def distil(data: LearningData, options: DistilOptions, work: Path) -> Distilled:
    """Distils a student of one item, and trains the same student without a teacher (the baseline).

    Args:
        data: what they learn from.
        options: the options of both; a baseline of another kind has that kind's own. With
            `registry.BOTH` a second student is trained too, by `distil_second`.
        work: a folder for checkpoints, so that a stopped run can be resumed. They stay until
            `clear_work`, so that nothing is lost before the students are saved.

    Raises:
        InputError: the data do not suffice for a student of that kind.
        StoppedError: the user stopped it; the same call resumes.
    """
    both, options = options, options.first
    check_second(data, both)
    folders = [work / "student", work / "baseline"]
    text = data.learn_text(options)
    alone, own_text = options, text
    if kind := registry.REGISTRY[options.student].alone:
        alone = options.of_kind(kind)
        own_text = data.learn_text(alone)
    baseline = train_baseline(data, own_text, alone, folders[1])
    share = share_for(data, baseline, options)
    taught = stacked(data, baseline, share)
    examples = with_soft_labels(taught.rows, taught.labels, taught.variants)
    training = f"training the {data.names.student}"
    student = train_student(
        data.item, examples, data.held_out, text, options, folders[0], training, data.sharing
    )
    distilled = Distilled(shipped(data, student, baseline, share, options), baseline)
    if both.second:
        second = distil_second(soft_labels(data, distilled), both, work)
        distilled = replace(distilled, second=second)
    return distilled


def check_second(data: LearningData, options: DistilOptions) -> None:
    """Refuses a second student that cannot be made, before the first is trained.

    Args:
        data: what they learn from.
        options: those of both, or of one.

    Raises:
        InputError: there is no teacher to cut it out of, or the teacher has no such layers.
    """
    chosen = options.second
    if chosen is None:
        return
    if data.teacher is None:
        raise no_teacher(chosen.student)
    data.learn_text(chosen)


def distil_second(data: LearningData, options: DistilOptions, work: Path) -> Student:
    """Distils the second of both students; see `distil`.

    Args:
        data: what it learns from: what the first did, see `soft_labels`.
        options: those of both.
        work: a folder for checkpoints.
    """
    chosen = options.second
    assert chosen is not None, "the options ask for both"
    text = data.learn_text(chosen)
    examples = with_soft_labels(data.rows, data.labels, data.variants)
    folder, training = work / "second", f"training the second {data.names.student}"
    return train_student(
        data.item, examples, data.held_out, text, chosen, folder, training, data.sharing
    )


def soft_labels(data: LearningData, distilled: Distilled) -> LearningData:
    """The data with the soft labels that the student learnt from, for another student of the item.

    The data are those that it was distilled from, with the teacher's own labels.
    """
    choice = choice_of(distilled.student.provenance)
    return data if choice is None else stacked(data, distilled.baseline, choice.teacher_share)


_CHECKPOINTS = ("student", "baseline", "second")


def clear_work(work: Path, names: Sequence[str] = _CHECKPOINTS) -> None:
    """Removes checkpoints once all that was trained is saved; and what a killed process left.

    Their folder is kept if it contains anything else.

    Args:
        work: the folder.
        names: the checkpoints; by default those of `distil` and `distil_second`.
    """
    for name in names:
        shutil.rmtree(work / name, ignore_errors=True)
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
    sharing: Sharing = Sharing(),  # noqa: B008 (frozen)
    usual: Sequence[str] = (),
) -> Student:
    """Trains one student; see `distil`.

    The caller removes the checkpoint in `work`. The description is shown beside the progress bar,
    and `sharing` is how the text stage was learnt. Unusual responses are told by the scored
    examples, or by the `usual` ones where there are none.

    Raises:
        StoppedError: the user stopped it; the same call resumes.
    """
    kind = registry.get(options.student)
    chosen = kind.fit_options(options.student_options, text)
    classes = len(item.scale.classes)
    recipe = options.recipe
    examples = examples.with_variants(recipe.variants)
    if recipe.vector_weight:
        vectors = kind.teacher_vectors(text, examples.texts, work / "teacher")
        examples = replace(examples, vectors=vectors)
    validation, scores = without_soft_labels(held_out, classes), human_scores(held_out)
    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        network = kind.build(text, classes, chosen)
    training = Training(network, text, examples, validation, item.scale, options, sharing.sha256)
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
            "validation": asdict(training.kept(state)),
            "calibration": calibration,
            **privacy_of(chosen, sharing),
        },
        held_out=tuple(row.response_id for row in held_out),
        markup=item.markup,
    )
    scored = [examples.texts[at] for at in np.flatnonzero(examples.scores >= 0).tolist()] or usual
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
        data.sharing,
    )


def privacy_of(options: Any, sharing: Sharing) -> dict[str, Any]:
    """What provenance says of what a vocabulary keeps out.

    Args:
        options: those of the student's kind.
        sharing: how it was counted who shares a word.
    """
    least = getattr(options, "min_responses", None)
    if least is None:
        return {}
    counted: dict[str, Any] = {"shared_by": least, "counted": sharing.unit}
    if sharing.kept_out:
        counted["words_kept_out"] = len(sharing.kept_out.words)
    return {"privacy": counted}
