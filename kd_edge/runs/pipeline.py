"""The whole way for one item: rows, teacher, soft labels, variants, student. Stage by stage.

A stage writes its output and a record of what it was made from (`kd_edge.stages.record`); a stage
whose options and inputs are the same is not run again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from kd_edge.console.progress import say
from kd_edge.data.splits import Split
from kd_edge.distillation.distil import Distilled, distil
from kd_edge.distillation.options import DistilOptions
from kd_edge.runs.folder import item_folder
from kd_edge.soft_labels.augmentation import texts_to_label, variants_for
from kd_edge.soft_labels.label_rows import cross_fit, label_rows
from kd_edge.soft_labels.label_variants import label_variants, read_variants
from kd_edge.soft_labels.labels import SoftLabels, averaged, labels_by_id, write_labels
from kd_edge.soft_labels.table import IN_SAMPLE
from kd_edge.stages.record import hash_file, hash_folder, hash_json, hash_rows
from kd_edge.stages.runner import Stages
from kd_edge.students import kinds, store
from kd_edge.teacher.finetune import finetune
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.predict import predict
from kd_edge.teacher.source import resolve
from kd_edge_runtime.errors import InputError


@dataclass(frozen=True)
class RunOptions:
    """How the whole way is gone.

    Attributes:
        teacher: how the teacher is fine-tuned.
        teachers: how many of them, from one seed after another: responses get their mean label,
            variants are shared out among them.
        folds: 0 for in-sample soft labels, else how many teachers cross-fit them.
        variants: how many teacher-labelled variants; None for what suits the rows.
        distil: how the student is distilled.

    Raises:
        InputError: a value is out of its range.
    """

    teacher: TeacherOptions = field(default_factory=TeacherOptions)
    teachers: int = 1
    folds: int = 0
    variants: int | None = None
    distil: DistilOptions = field(default_factory=DistilOptions)

    def __post_init__(self) -> None:
        # Here, and not when a teacher has been fine-tuned for an hour.
        if self.folds < 0 or self.folds == 1:
            raise InputError(
                f"{self.folds} folds are not possible: 0 for one teacher, or 2 and more"
            )
        if self.teachers < 1:
            raise InputError(f"{self.teachers} teachers are not possible: 1 or more")
        if self.folds and self.teachers > 1:
            raise InputError(
                "cross-fitting has teachers of its own: give --folds or --teachers, not both"
            )
        replace(self.teacher, seed=self.teacher.seed + self.teachers - 1)  # the last one's
        variants_for(0, self.variants)


@dataclass(frozen=True)
class Made:
    """What the stages of an item left on disk.

    Attributes:
        folder: the item's folder.
        split: the rows.
        teachers: the teachers' folders.
        labels: the soft labels.
        test_labels: what the teachers say of the test responses, on average.
        distilled: student and baseline.
        ran: the stages that were run, not kept from before.
    """

    folder: Path
    split: Split
    teachers: tuple[Path, ...]
    labels: Path
    test_labels: Path
    distilled: Distilled
    ran: tuple[str, ...]


def go(split: Split, out: Path, options: RunOptions, unlabelled: tuple[str, ...] = ()) -> Made:
    """Goes the whole way for one item, up to its student.

    Args:
        split: the item's rows.
        out: the run's folder.
        options: how.
        unlabelled: responses to the item that nobody scored.

    Raises:
        InputError: see the stages.
        StoppedError: the user stopped it; the same call goes on.
    """
    return _Way(split, item_folder(out, split.item.item_id), options, unlabelled).go()


class _Way:
    def __init__(
        self, split: Split, folder: Path, options: RunOptions, unlabelled: tuple[str, ...] = ()
    ) -> None:
        self._split = split
        self._unlabelled = unlabelled
        self._item = split.item
        self._folder = folder
        self._options = options
        self._teachers = {
            name: folder / name
            for name in ("teacher", *(f"teacher-{at}" for at in range(2, options.teachers + 1)))
        }
        self._labels = folder / "labels.csv"
        self._variants = folder / "variants.csv"
        self._test_labels = folder / "test_labels.csv"
        self._rows = hash_rows([*split.train, *split.validation])
        self._stages = Stages(folder, f"Item '{split.item.item_id}'")

    def go(self) -> Made:
        self._make_teachers()
        self._make_labels()
        count = self._make_variants()
        distilled = self._make_student(count)
        self._make_test_labels()
        return Made(
            folder=self._folder,
            split=self._split,
            teachers=tuple(self._teachers.values()),
            labels=self._labels,
            test_labels=self._test_labels,
            distilled=distilled,
            ran=tuple(self._stages.ran),
        )

    def _make_teachers(self) -> None:
        given = self._options.teacher
        held = [row.response_id for row in self._split.validation]
        rows = [*self._split.train, *self._split.validation]
        inputs = {"rows": self._rows, "model": resolve(given.model).sha256}
        for at, (name, folder) in enumerate(self._teachers.items()):
            options = replace(given, seed=given.seed + at)
            if len(self._teachers) > 1:
                say(f"Item '{self._item.item_id}': teacher {at + 1} of {len(self._teachers)}")
            self._stages.run(
                name,
                # The model's hash is an input: its name on this machine does not matter. Rows
                # hold classes by number: what they are called matters to the teacher's folder.
                {**asdict(replace(options, model="")), "classes": list(self._item.scale.classes)},
                inputs,
                [folder],
                lambda options=options, folder=folder: finetune(
                    self._item, rows, options, folder, held
                ),
            )
        # Once for all later stages: a teacher is as big as its language model.
        self._hashes = {name: hash_folder(folder) for name, folder in self._teachers.items()}

    def _make_labels(self) -> None:
        folds = self._options.folds
        options = self._options.teacher

        def run() -> None:
            if folds:
                held = [row.response_id for row in self._split.validation]
                work = self._folder / "folds"
                labels = cross_fit(self._item, options, folds, work, held)
            else:
                labels = averaged(
                    [
                        label_rows(self._item, teacher, precision=options.precision)
                        for teacher in self._teachers.values()
                    ]
                )
            write_labels(self._labels, labels)

        inputs = {"rows": self._rows, **self._hashes}
        self._stages.run("labels", {"folds": folds}, inputs, [self._labels], run)

    def _make_variants(self) -> int:
        rows, seed = list(self._split.train), self._options.distil.seed
        wanted = self._options.variants
        count = variants_for(len(rows) + len(self._unlabelled), wanted)
        inputs = {"rows": hash_rows(rows), **self._hashes}
        if self._unlabelled:
            inputs["unlabelled"] = hash_json(self._unlabelled)
        if count or self._unlabelled:
            self._stages.run(
                "variants",
                {"count": count, "seed": seed},
                inputs,
                [self._variants],
                lambda: label_variants(
                    texts_to_label(rows, self._unlabelled, wanted, seed),
                    tuple(self._teachers.values()),
                    self._variants,
                    precision=self._options.teacher.precision,
                ),
            )
        return count + len(self._unlabelled)

    def _make_student(self, variants: int) -> Distilled:
        options = self._options.distil
        student, baseline = self._folder / "student", self._folder / "baseline"
        inputs = {"rows": self._rows, "labels": hash_file(self._labels)}
        if variants:
            inputs["variants"] = hash_file(self._variants)
        if kinds.get(options.student).needs_teacher:
            inputs["teacher"] = self._hashes["teacher"]

        def run() -> None:
            made = distil(
                self._item,
                self._split.train,
                self._split.validation,
                labels_by_id(self._labels, self._item.scale.classes, self._split.train),
                read_variants(self._variants, self._item.scale.classes) if variants else None,
                options,
                self._folder / "work",
                self._teachers["teacher"],
            )
            store.save(made.student, student)
            store.save(made.baseline, baseline)

        self._stages.run("student", asdict(options), inputs, [student, baseline], run)
        return Distilled(store.load(student), store.load(baseline))

    def _make_test_labels(self) -> None:
        test = self._split.test
        texts = [row.text for row in test]
        ids = tuple(row.response_id for row in test)

        def label(teacher: Path) -> SoftLabels:
            said = "scoring the test responses with the teacher"
            precision = self._options.teacher.precision
            found = predict(teacher, texts, precision=precision, progress=said)
            return SoftLabels(ids, (IN_SAMPLE,) * len(test), found, self._item.scale.classes)

        def run() -> None:
            write_labels(
                self._test_labels, averaged([label(one) for one in self._teachers.values()])
            )

        inputs = {"rows": hash_rows(test), **self._hashes}
        self._stages.run("test-labels", {}, inputs, [self._test_labels], run)
