"""Soft labels for an item's responses: in-sample, or cross-fitted."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kd_edge.console.model_names import RESEARCH, ModelNames
from kd_edge.console.progress import say
from kd_edge.data.responses import Item, Row
from kd_edge.data.splits import deal_folds
from kd_edge.soft_labels.labels import SoftLabels, averaged, read_labels, write_labels
from kd_edge.soft_labels.table import IN_SAMPLE
from kd_edge.stages.lock import held
from kd_edge.stages.record import (
    NOT_FINISHED,
    hash_rows,
    is_current,
    why_outdated,
    write_record,
)
from kd_edge.teacher.building import model_inputs
from kd_edge.teacher.card import TeacherCard, read_item_card
from kd_edge.teacher.finetune import finetune
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.predict import predict
from kd_edge.teacher.source import PACKAGED, find_base, resolve
from kd_edge_runtime.errors import InputError


def label_rows(
    item: Item,
    teacher: Path | Sequence[Path],
    device: str = "auto",
    base: str | None = None,
    precision: str = "auto",
) -> SoftLabels:
    """Label an item's responses with one teacher or several, also those they were trained on.

    Args:
        item: the item; its test rows are left out, rows without a score are labelled too.
        teacher: the folder of the fine-tuned teacher, or those of several, whose labels' mean is
            taken; see `more_teachers`.
        device: where they compute, as in `TeacherOptions`.
        base: the language model of their adapters, if it has moved; see `load_teacher`.
        precision: in which they compute, as in `TeacherOptions`.

    Returns:
        A label for each row, in the item's order, of fold `IN_SAMPLE`.

    Raises:
        InputError: a folder holds no teacher, or one for other classes.
    """
    teachers = [teacher] if isinstance(teacher, Path) else teacher
    for one in teachers:
        refuse_other_classes(item, one, read_item_card(one))
    progress = "scoring responses with the teacher"
    rows, classes = labelled_rows(item), item.scale.classes
    return mean_labels(teachers, rows, classes, progress, precision, device, base)


def predicted_labels(
    teacher: Path,
    rows: Sequence[Row],
    classes: tuple[str, ...],
    progress: str,
    fold: int = IN_SAMPLE,
    precision: str = "auto",
    device: str = "auto",
    base: str | None = None,
) -> SoftLabels:
    """A teacher's labels of rows with the text that it reads; see `SoftLabels` and `predict`."""
    texts = [row.text for row in rows]
    shares = predict(
        teacher, texts, precision=precision, progress=progress, device=device, base=base
    )
    return SoftLabels(tuple(row.response_id for row in rows), (fold,) * len(rows), shares, classes)


def mean_labels(
    teachers: Sequence[Path],
    rows: Sequence[Row],
    classes: tuple[str, ...],
    progress: str,
    precision: str = "auto",
    device: str = "auto",
    base: str | None = None,
) -> SoftLabels:
    """The mean of one or more teachers' labels; see `predicted_labels`."""
    count = len(teachers)
    shown = [
        progress if count == 1 else f"{progress} ({at} of {count})" for at in range(1, count + 1)
    ]
    how: dict[str, Any] = {"precision": precision, "device": device, "base": base}
    return averaged(
        [
            predicted_labels(one, rows, classes, text, **how)
            for one, text in zip(teachers, shown, strict=True)
        ]
    )


def refuse_other_classes(item: Item, teacher: Path, card: TeacherCard) -> None:
    """Refuse a teacher of other classes than the item's; its folder is for the message.

    Raises:
        InputError: it was fine-tuned for other classes.
    """
    if card.classes != item.scale.classes:
        raise InputError(
            f"'{teacher}' scores {', '.join(card.classes)}; item '{item.item_id}' has the scores "
            f"{', '.join(item.scale.classes)}."
        )


def options_of(
    card: TeacherCard, model: str | None = None, folder: Path | None = None
) -> TeacherOptions:
    """The options to fine-tune more teachers like an existing one.

    Args:
        card: its teacher.json, which keeps no path of the language model's folder, unless it is
            that of an adapter.
        model: where its language model is now, as in `TeacherOptions`; None looks where it was.
        folder: the teacher's, from which the path to an adapter's language model leads.

    Raises:
        InputError: the language model cannot be found, or is another one; the card is of a newer
            version.
    """
    options = TeacherOptions.kept(card.options)
    wanted = model or options.model
    if model is None and card.base_revision is not None:
        wanted = f"{card.base}@{card.base_revision}"
    elif model is None and wanted != PACKAGED and card.adapter is not None and folder is not None:
        wanted = str(find_base(folder, card).folder)
    elif model is None and wanted != PACKAGED and not Path(wanted).is_dir():
        raise InputError(
            f"the teacher was fine-tuned from a language model in a folder '{card.base}', which is "
            "not here: name the folder with --model."
        )
    if resolve(wanted).sha256 != card.base_sha256:
        raise InputError(
            f"'{wanted}' is not the language model that the teacher was fine-tuned from."
        )
    return replace(options, model=wanted)


def as_read_by(card: TeacherCard, item: Item) -> Item:
    """The item with the question and the rubric that a decoder-only teacher reads, if it is one."""
    if card.prompt is None:
        return item
    return replace(item, prompt=card.prompt.question or None, rubric=card.prompt.rubric or None)


def cross_fit(
    item: Item,
    options: TeacherOptions,
    folds: int,
    work: Path,
    validation_ids: Collection[str] | None = None,
    names: ModelNames = RESEARCH,
) -> SoftLabels:
    """Label each scored response with a teacher that was not trained on it.

    One teacher a fold, fine-tuned on the other folds. The labels of a finished fold are kept in
    `work`, so that the same call after an interruption resumes with the next fold.

    Args:
        item: the item; its test rows are left out.
        options: how each teacher is fine-tuned.
        folds: number of teachers, >= 2.
        work: a folder for the folds' labels.
        validation_ids: responses by which every teacher's best epoch is chosen, and which none is
            trained on; None lets each teacher draw its own from its folds.
        names: what progress calls a teacher.

    Returns:
        A label for each row, in the item's order. A row without a score, which no teacher saw,
        has the mean of all teachers' probabilities and the fold `IN_SAMPLE`.

    Raises:
        InputError: there are fewer scored responses than folds, fewer than two folds, or a
            teacher cannot be fine-tuned.
        StoppedError: the user pressed Ctrl-C while a teacher was fine-tuned; the same call
            resumes.
    """
    rows = labelled_rows(item)
    scored = [row for row in rows if row.score is not None]
    if not 2 <= folds <= len(scored):
        raise InputError(
            f"item '{item.item_id}': {len(scored)} scored responses cannot be divided "
            f"into {folds} folds; use at least 2, and at most as many as there are responses."
        )
    fold_of = deal_folds(scored, folds, options.seed)
    total = np.zeros((len(rows), len(item.scale.classes)))
    teachers = _Folds(
        item,
        rows,
        fold_of,
        options,
        work,
        None if validation_ids is None else sorted(validation_ids),
        {"rows": hash_rows(rows), **model_inputs(item, resolve(options.model))},
        names,
    )
    with held(work, "cross-fitting"):
        for fold in range(folds):
            say(f"Item '{item.item_id}': {names.teacher} {fold + 1} of {folds}")
            labels = teachers.label(fold).by_id()
            for at, row in enumerate(rows):
                if row.response_id in labels:
                    share = 1 if row.response_id in fold_of else folds
                    total[at] += labels[row.response_id] / share
    ids = tuple(row.response_id for row in rows)
    own = tuple(fold_of.get(name, IN_SAMPLE) for name in ids)
    return SoftLabels(ids, own, total, item.scale.classes)


@dataclass(frozen=True)
class _Folds:
    """The folds' teachers and labels in their folder."""

    item: Item
    rows: Sequence[Row]
    fold_of: dict[str, int]
    options: TeacherOptions
    folder: Path
    validation_ids: list[str] | None
    inputs: dict[str, str]
    names: ModelNames

    def label(self, fold: int) -> SoftLabels:
        """One fold's labels: those of an earlier run if they are still valid, else new ones."""
        path = self.folder / f"fold-{fold}.csv"
        record = self.folder / f"fold-{fold}.stage.json"
        options = {
            "teacher": replace(self.options, model="").as_input(),  # its hash is an input
            "classes": list(self.item.scale.classes),
            "folds": max(self.fold_of.values()) + 1,
            "fold": fold,
            "validation_ids": self.validation_ids,
        }
        # this fold's teacher labels the rows of this fold, and those of none
        rows = [row for row in self.rows if self.fold_of.get(row.response_id, fold) == fold]
        why = why_outdated(record, "cross-fit", options, self.inputs, [path])
        if why:
            if why != NOT_FINISHED:
                say(f"The labels of fold {fold + 1} are made again, as {why}.")
            started = time.monotonic()
            teacher = self._teach(fold, rows, options)
            labels = predicted_labels(
                teacher,
                rows,
                self.item.scale.classes,
                f"scoring responses with {self.names.teacher} {fold + 1}",
                fold,
                self.options.precision,
                self.options.device,
            )
            write_labels(path, labels)
            seconds = time.monotonic() - started
            write_record(record, "cross-fit", options, self.inputs, [path], seconds)
        # As big as the language model, and no longer needed.
        shutil.rmtree(self.folder / f"fold-{fold}", ignore_errors=True)
        return read_labels(path, self.item.scale.classes)

    def _teach(self, fold: int, rows: Sequence[Row], options: dict[str, Any]) -> Path:
        """The fold's teacher: that of an earlier run, stopped while it scored, or a new one."""
        teacher = self.folder / f"fold-{fold}"
        record = self.folder / f"fold-{fold}.teacher.stage.json"
        if is_current(record, "teacher", options, self.inputs, [teacher]):
            return teacher
        training = [row for row in self.rows if self.fold_of.get(row.response_id, fold) != fold]
        held_out = self.validation_ids
        if held_out is not None:
            training += [row for row in rows if row.response_id in set(held_out)]
        report = finetune(self.item, training, self.options, teacher, held_out, self.names)
        write_record(record, "teacher", options, self.inputs, [teacher], report.seconds)
        return teacher


def labelled_rows(item: Item) -> list[Row]:
    """The rows that get soft labels: all but those marked "test"."""
    return [row for row in item.rows if row.split != "test"]
