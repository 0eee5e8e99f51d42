"""The steps of a run, each by itself: teacher, labels, student, bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kd_edge.api.arguments import (
    Workplace,
    check,
    to_item,
    to_options,
    to_path,
    to_student,
    to_teacher_folder,
    to_texts,
)
from kd_edge.bundling import bundle
from kd_edge.bundling.bundle import Exported, ExportItem, ExportOptions
from kd_edge.data.responses import Responses
from kd_edge.distillation import distil as distillation
from kd_edge.distillation.distil import Distilled
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.distillation.weakness import weaknesses
from kd_edge.soft_labels.augmentation import texts_to_label, unlabelled_texts
from kd_edge.soft_labels.label_rows import label_rows, options_of
from kd_edge.soft_labels.label_variants import (
    Variants,
    clear_partial,
    label_variants,
    read_variants,
)
from kd_edge.soft_labels.labels import SoftLabels, read_labels, write_labels
from kd_edge.soft_labels.more_teachers import more_teachers
from kd_edge.stages.lock import held
from kd_edge.students import store
from kd_edge.students.kept_out import kept_out
from kd_edge.students.student import Student
from kd_edge.teacher import finetune as finetuning
from kd_edge.teacher.card import read_item_card
from kd_edge.teacher.compute import computing_on
from kd_edge.teacher.finetune import Teacher
from kd_edge.teacher.held_out import held_out_rows, learning_rows
from kd_edge.teacher.options import TeacherOptions
from kd_edge.training.doubts import row_doubts, say_doubts


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of responses, and of variants of them.

    Attributes:
        soft: the probability of each class for each response.
        variants: new responses with their probabilities, if there are any.
        teacher: the teacher, or its folder, by which responses are held out; None for labels of
            another model.
    """

    soft: SoftLabels
    variants: Variants | None = None
    teacher: Teacher | Path | None = None

    @classmethod
    def read(
        cls, labels: str | Path, responses: Responses, *, variants: str | Path | None = None
    ) -> Labels:
        """Read labels from CSV files, by kd-edge or by another model.

        Args:
            labels: columns response_id and p_<class> for each class, or label.
            responses: the responses to one item, which give the classes.
            variants: the same with a column text.

        Raises:
            TableError: a file has problems; it names all of them, with their places.
        """
        classes = to_item(responses, None).scale.classes
        more = None if variants is None else read_variants(to_path("variants", variants), classes)
        return cls(read_labels(to_path("labels", labels), classes), more)


def finetune(
    responses: Responses,
    *,
    item: str | None = None,
    model: str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    options: TeacherOptions | None = None,
    folder: str | Path | None = None,
) -> Teacher:
    """Fine-tune a language model on the scored responses to an item.

    Args:
        responses: rows marked "test" are left out.
        item: the item, where there are several.
        model: "packaged" (the default), a model folder, or a Hugging Face name.
        epochs: passes over the responses, >= 1; by default chosen by their number.
        seed: of all that is random, >= 0; 0 by default.
        options: everything else.
        folder: where to save the teacher.

    Raises:
        InputError: the model is not there, or there are too few responses.

    Example:
        >>> teacher = finetune(responses, model="packaged")
        >>> teacher.card.validation.qwk
        0.81
    """
    question = to_item(responses, item)
    chosen = to_options(options, TeacherOptions, model=model, epochs=epochs, seed=seed)
    place = Workplace(folder)
    return place.keep_for(
        finetuning.finetune(question, question.learning, chosen, place.path, warn=True)
    )


def label(
    teacher: Teacher | str | Path,
    responses: Responses,
    *,
    item: str | None = None,
    variants: int | None = None,
    unlabelled: Responses | None = None,
    seed: int = 0,
    teachers: int = 1,
    model: str | None = None,
    folder: str | Path | None = None,
) -> Labels:
    """Label responses, and variants of them, with a teacher's probabilities, or several teachers'.

    Args:
        teacher: from `finetune`, or its folder.
        responses: those that it was fine-tuned on; rows marked "test" are left out.
        item: the item, where there are several.
        variants: how many, >= 0; by default 40 a response, between 20,000 and 50,000.
        unlabelled: responses without scores, to be labelled too.
        seed: of the choice of variants, >= 0.
        teachers: how many, >= 1: more than one fine-tunes others like the teacher, with the seeds
            that follow on its own. A response gets the mean of their probabilities, and the
            variants are divided among them.
        model: the language model to fine-tune them from, as in `finetune`, where it was a folder,
            or that of an adapter, if it has moved.
        folder: where to save labels.csv and variants.csv, and in labels.csv.teachers the teachers
            but the first, which the same call does not fine-tune again.

    Raises:
        InputError: the folder holds no teacher, or one for other classes or of many items together;
            a teacher cannot be fine-tuned.

    Example:
        >>> labels = label(teacher, responses, variants=20_000)
        >>> labels.soft.probabilities.shape  # responses, classes
        (400, 4)
    """
    source, question = to_teacher_folder(teacher), to_item(responses, item)
    check("seed", seed, int)
    check("teachers", teachers, int)
    card = read_item_card(source)  # refused before a folder is made
    place = Workplace(folder)
    folders: tuple[Path, ...] = (source,)
    precision = device = "auto"
    if teachers != 1:
        like = options_of(card, model, source)
        precision, device = like.precision, like.device
        work = place.path / "labels.csv.teachers"
        folders = more_teachers(question, source, teachers, like, work)
    write_labels(place.path / "labels.csv", label_rows(question, folders, device, model, precision))
    rows, _ = learning_rows(question, source, seed)
    more = unlabelled_texts(unlabelled, question.part_of or question.item_id, question.rows)
    texts = texts_to_label(list(rows), more, variants, seed)
    path, made = place.path / "variants.csv", None
    if texts:
        made = label_variants(texts, folders, path, precision, device=device, base=model)
    # As the file has them: a student learns the same from both.
    soft = read_labels(place.path / "labels.csv", question.scale.classes)
    labels = Labels(soft, made, source if isinstance(teacher, str) else teacher)
    clear_partial(path)
    return place.keep_for(labels)


def distil(
    responses: Responses,
    labels: Labels,
    *,
    item: str | None = None,
    kind: str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    never: Sequence[str] = (),
    device: str = "auto",
    options: DistilOptions | None = None,
    folder: str | Path | None = None,
) -> Distilled:
    """Distil a student, and train the same network without a teacher to compare it with.

    Args:
        responses: those that were labelled; rows marked "test" are left out.
        labels: from `label` or `Labels.read`.
        item: the item, where there are several.
        kind: "bag" (the default), "rnn", "transformer", or "both" for a bag and a transformer.
        epochs: passes over responses and variants, >= 1; by default those of the kind.
        seed: of all that is random, >= 0; 0 by default.
        never: names and other words that the students may not know.
        device: where an rnn or a transformer computes, as in `TeacherOptions`.
        options: everything else.
        folder: where to save them, in `student` and `baseline`, and of "both" in `second`.

    Returns:
        The `student` and the `baseline`, of "both" the `second`; and `warnings`, where the
        responses are doubtful, or the student does no better than a guess, or than the baseline.

    Raises:
        InputError: a response has no label, or there are too few.

    Example:
        >>> distilled = distil(responses, labels, kind="bag")
        >>> distilled.student.parameters
        28035
    """
    question = to_item(responses, item)
    check("labels", labels, Labels)
    chosen = to_options(options, DistilOptions, student=kind, epochs=epochs, seed=seed)
    teacher = None if labels.teacher is None else to_teacher_folder(labels.teacher)
    rows, held_out = learning_rows(question, teacher, chosen.seed)
    data = LearningData(
        question,
        rows,
        held_out,
        labels.soft.by_id(),
        labels.variants,
        teacher,
        kept_out=kept_out(to_texts("never", never)),
    )
    doubts = row_doubts(question.item_id, question.scale, rows, held_out)
    say_doubts(doubts)
    place = Workplace(folder)
    work = place.path / "work"
    with held(work, "distilling"), computing_on(device):
        distilled = distillation.distil(data, chosen, work)
        distilled = replace(distilled, warnings=(*doubts, *weaknesses(data, distilled)))
        _save(distilled, place)
        distillation.clear_work(work)
    return place.keep_for(distilled)


def export(
    students: Distilled | Student | str | Path | Sequence[Distilled | Student | str | Path],
    path: str | Path,
    *,
    responses: Responses | None = None,
    prompts: str | Sequence[str] = (),
    forms: str | Sequence[str] = (),
) -> Exported:
    """Write students into a bundle (.kdz), if every form of them scores as PyTorch does.

    Args:
        students: from `distil`, or folders; one student for each item. What was distilled as "both"
            goes into the bundle as both, and needs `responses`.
        path: the file to write.
        responses: those that the students were distilled from: forms are compared with PyTorch
            on the ones that were held out, too.
        prompts: the item's prompt and rubric, as text; responses that copy them are flagged.
        forms: names of forms, or "all"; by default those that devices need.

    Returns:
        The bundle's manifest, and the comparison of each form.

    Raises:
        ParityError: a form scores otherwise.
        InputError: a folder holds no student, or the file cannot be written.

    Example:
        >>> exported = export(distilled, "item.kdz", responses=responses, prompts=question)
    """
    several = students if isinstance(students, (list, tuple)) else [students]
    loaded = [to_student(one) for one in several]
    shown = to_texts("prompts", prompts)
    rows = [() if responses is None else held_out_rows(one, responses) for one in loaded]
    seconds = [one.second if isinstance(one, Distilled) else None for one in several]
    items = [
        ExportItem(one, shown, held, shown, second=second)
        for one, held, second in zip(loaded, rows, seconds, strict=True)
    ]
    return bundle.export(items, to_path("path", path), {}, ExportOptions(to_texts("forms", forms)))


def _save(distilled: Distilled, place: Workplace) -> None:
    """Saves what was distilled, unless nobody named a folder for it."""
    if place.is_temporary:
        return
    store.save(distilled.student, place.path / "student")
    store.save(distilled.baseline, place.path / "baseline")
    if distilled.second:
        store.save(distilled.second, place.path / "second")
