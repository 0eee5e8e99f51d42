"""From pooled questions to one student: teacher, soft labels, variants, distillation, by stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from kd_edge.data.responses import Row
from kd_edge.distillation.distil import Distilled, distil
from kd_edge.runs.cross_item.pool import POOLED, Pool
from kd_edge.runs.pipeline import RunOptions
from kd_edge.soft_labels.augmentation import make_variants, variant_sources, variants_for
from kd_edge.soft_labels.label_variants import Variants, label_variants, read_variants
from kd_edge.soft_labels.labels import SoftLabels, labels_by_id, write_labels
from kd_edge.soft_labels.table import IN_SAMPLE
from kd_edge.stages.record import hash_file, hash_folder, hash_json, hash_rows
from kd_edge.stages.runner import Stages
from kd_edge.students import store
from kd_edge.students.pairs import PairsText
from kd_edge.students.store import Student
from kd_edge.teacher.finetune import finetune
from kd_edge.teacher.predict import predict
from kd_edge.teacher.source import resolve
from kd_edge_runtime.errors import InputError


@dataclass(frozen=True)
class Made:
    """What the stages left on disk.

    Attributes:
        teacher: the teacher's folder.
        labels: its probabilities for the rows learnt from and chosen by.
        test_labels: the same for the test rows.
        distilled: the student of all questions, and the same without a teacher.
        ran: the stages that were run, not kept from before.
    """

    teacher: Path
    labels: Path
    test_labels: Path
    distilled: Distilled
    ran: tuple[str, ...]


def go(pool: Pool, folder: Path, options: RunOptions) -> Made:
    """Goes the way up to the student.

    Args:
        pool: the questions.
        folder: the run's folder.
        options: how; the teacher's labels are in-sample.

    Raises:
        InputError: more than one teacher is asked for, or see the stages.
        StoppedError: the user stopped it; the same call goes on.
    """
    if options.folds or options.teachers > 1:
        raise InputError(
            "one student for all questions takes neither --folds nor --teachers: one teacher "
            "labels all"
        )
    return _Way(pool, folder, options).go()


class _Way:
    def __init__(self, pool: Pool, folder: Path, options: RunOptions) -> None:
        self._pool = pool
        self._folder = folder
        self._options = options
        self._classes = pool.item.scale.classes
        self._rows = [*pool.train, *pool.validation]
        self._teacher = folder / "teacher"
        self._labels = folder / "labels.csv"
        self._test_labels = folder / "test_labels.csv"
        self._variants = folder / "variants.csv"
        self._stages = Stages(folder, POOLED.capitalize())

    def go(self) -> Made:
        self._make_teacher()
        self._label("labels", self._rows, self._labels)
        variants = self._make_variants()
        distilled = self._make_student(variants)
        self._label("test-labels", self._pool.test, self._test_labels)
        return Made(
            self._teacher, self._labels, self._test_labels, distilled, tuple(self._stages.ran)
        )

    def _make_teacher(self) -> None:
        options = self._options.teacher
        told = self._pool.as_told(self._rows)
        held = [row.response_id for row in self._pool.validation]
        self._stages.run(
            "teacher",
            {**asdict(replace(options, model="")), "classes": list(self._classes)},
            {"rows": hash_rows(told), "model": resolve(options.model).sha256},
            [self._teacher],
            lambda: finetune(self._pool.item, told, options, self._teacher, held),
        )

    def _label(self, name: str, rows: Sequence[Row], path: Path) -> None:
        told = self._pool.as_told(rows)

        def run() -> None:
            found = predict(
                self._teacher,
                [row.text for row in told],
                precision=self._options.teacher.precision,
                progress=f"scoring {len(told):,} responses with the teacher",
            )
            ids = tuple(row.response_id for row in told)
            write_labels(path, SoftLabels(ids, (IN_SAMPLE,) * len(ids), found, self._classes))

        inputs = {"rows": hash_rows(told), "teacher": hash_folder(self._teacher)}
        self._stages.run(name, {}, inputs, [path], run)

    def _make_variants(self) -> Variants | None:
        wanted, seed = self._options.variants, self._options.distil.seed
        count = variants_for(len(self._pool.train), wanted)
        if not count:
            return None
        made = [
            (name, text)
            for name, texts in question_variants(self._pool, count, seed).items()
            for text in texts
        ]
        told = [self._pool.told(name, text) for name, text in made]
        self._stages.run(
            "variants",
            {"count": count, "seed": seed},
            {"texts": hash_json(told), "teacher": hash_folder(self._teacher)},
            [self._variants],
            lambda: label_variants(
                told, [self._teacher], self._variants, precision=self._options.teacher.precision
            ),
        )
        found = read_variants(self._variants, self._classes).probabilities
        texts = tuple(text for _, text in made)
        return Variants(texts, found, tuple(name for name, _ in made))

    def _make_student(self, variants: Variants | None) -> Distilled:
        options = replace(self._options.distil, student="pairs")
        student, baseline = self._folder / "student", self._folder / "baseline"
        inputs = {
            # What a question is held as decides what the student sees.
            "rows": hash_rows(self._pool.as_told(self._rows)),
            "labels": hash_file(self._labels),
        }
        if variants:
            inputs["variants"] = hash_file(self._variants)

        def run() -> None:
            made = distil(
                self._pool.item,
                self._pool.train,
                self._pool.validation,
                labels_by_id(self._labels, self._classes, self._rows),
                variants,
                options,
                self._folder / "work",
                relations=self._pool.relations,
            )
            store.save(made.student, student)
            store.save(made.baseline, baseline)

        self._stages.run("student", asdict(options), inputs, [student, baseline], run)
        return Distilled(self._load(student), self._load(baseline))

    def _load(self, folder: Path) -> Student:
        """A student with what it knows of each question, which its folder does not hold."""
        student = store.load(folder)
        return replace(student, text=PairsText(student.text.vocabulary, self._pool.relations))


def question_variants(pool: Pool, count: int, seed: int) -> dict[str, list[str]]:
    """Variants of each question's responses and reference answers, by question.

    Args:
        pool: the questions.
        count: how many in all, shared out by the questions' rows.
        seed: of the choices.
    """
    made = {}
    for name, item in pool.questions.items():
        rows = [row for row in pool.train if row.item_id == name]
        share = round(count * len(rows) / len(pool.train))
        if share:
            sources = [*variant_sources(rows), *item.references]
            made[name] = make_variants(sources, share, seed)
    return made
