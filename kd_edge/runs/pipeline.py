"""From rows to a student: teachers, soft labels, variants, distillation, by stages.

A stage writes its output and a record of what it was computed from (`kd_edge.stages.record`); a
stage with the same options and inputs is not run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from kd_edge.console.model_names import SCHOOL
from kd_edge.console.progress import say
from kd_edge.data.responses import Row, Scale
from kd_edge.data.splits import Split
from kd_edge.distillation.distil import Distilled, distil
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.files import make_folder
from kd_edge.runs.folder import item_folder
from kd_edge.runs.pipeline_rows import PipelineRows, VariantTexts
from kd_edge.soft_labels.augmentation import variants_for
from kd_edge.soft_labels.label_rows import cross_fit, labelled_rows, predicted_labels
from kd_edge.soft_labels.label_variants import label_variants, read_variants
from kd_edge.soft_labels.labels import SoftLabels, averaged, labels_by_id, write_labels
from kd_edge.stages.record import hash_file, hash_folder, hash_rows
from kd_edge.stages.runner import Stages
from kd_edge.students import registry, store
from kd_edge.teacher.finetune import finetune
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.source import resolve
from kd_edge_runtime.errors import InputError

# What progress calls the stages, whose names are those of their files.
_STAGES = {
    "labels": f"the {SCHOOL.teacher}'s scores of the responses",
    "variants": f"the {SCHOOL.teacher}'s scores of the variants",
    "student": SCHOOL.student,
    "test-labels": f"the {SCHOOL.teacher}'s scores of the test responses",
}


@dataclass(frozen=True)
class RunOptions:
    """The options of a full run.

    Attributes:
        teacher: how the teacher is fine-tuned.
        teachers: number of teachers, with consecutive seeds: a response gets the mean of their
            probabilities, and the variants are divided among them.
        folds: the number of teachers that cross-fit the soft labels; 0 for in-sample labels.
        variants: number of teacher-labelled variants; None for a number that suits the rows.
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
        # Checked here, not after a teacher has been fine-tuned for an hour.
        if self.folds < 0 or self.folds == 1:
            raise InputError(f"the number of folds cannot be {self.folds}: use 0, or 2 and more")
        if self.teachers < 1:
            raise InputError(f"the number of large models cannot be {self.teachers}: use 1 or more")
        if self.folds and self.teachers > 1:
            raise InputError(
                "give --folds or --teachers, not both: cross-fitting trains large models itself"
            )
        replace(self.teacher, seed=self.teacher.seed + self.teachers - 1)  # the last teacher's
        variants_for(0, self.variants)


@dataclass(frozen=True)
class StageOutputs:
    """The files that the stages of a pipeline left on disk.

    Attributes:
        folder: the pipeline's folder.
        teachers: the teachers' folders.
        labels: the soft labels.
        test_labels: the teachers' mean probabilities of the test rows.
        distilled: student and baseline.
        ran: the stages that were run; the others were kept from before.
    """

    folder: Path
    teachers: tuple[Path, ...]
    labels: Path
    test_labels: Path
    distilled: Distilled
    ran: tuple[str, ...]


def run_stages(
    split: Split, out: Path, options: RunOptions, unlabelled: tuple[str, ...] = ()
) -> StageOutputs:
    """Run the stages of one item, up to its student, in the item's folder in the run's.

    The texts `unlabelled` are responses to the item without a score.

    Raises:
        InputError: see the stages.
        StoppedError: the user stopped it; the same call resumes.
    """
    folder = item_folder(out, split.item.item_id)
    return Pipeline(PipelineRows(split, unlabelled), folder, options).run()


class Pipeline:
    """Fine-tune, label the rows, label variants, distil, label the test rows.

    Args:
        data: the rows, and how teachers and student read them.
        folder: where outputs and records go.
        options: the options of the run.
    """

    def __init__(self, data: PipelineRows, folder: Path, options: RunOptions) -> None:
        self._data = data
        self._classes = data.item.scale.classes
        self._folder = folder
        self._options = options
        names = ("teacher", *(f"teacher-{at}" for at in range(2, options.teachers + 1)))
        self._teachers = {name: folder / name for name in names}
        self._hashes: dict[str, str] = {}
        self._labels = folder / "labels.csv"
        self._test_labels = folder / "test_labels.csv"
        self._learning = data.for_teacher([*data.train, *data.validation])
        self._rows_hash = hash_rows(self._learning)
        shown = {name: name.replace("teacher", SCHOOL.teacher) for name in names}
        self._stages = Stages(folder, data.title, {**_STAGES, **shown})

    def run(self) -> StageOutputs:
        """Run every stage whose output is not there yet.

        Raises:
            InputError: see the stages.
            StoppedError: the user stopped it; the same call resumes.
        """
        make_folder(self._folder)
        for at, name in enumerate(self._teachers):
            self._finetune(at, name)
        # Hashed once for all later stages: a teacher is as large as its language model.
        self._hashes = {name: hash_folder(folder) for name, folder in self._teachers.items()}
        self._label_rows()
        distilled = self._distil(*self._label_variants())
        self._label_test_rows()
        return StageOutputs(
            folder=self._folder,
            teachers=tuple(self._teachers.values()),
            labels=self._labels,
            test_labels=self._test_labels,
            distilled=distilled,
            ran=tuple(self._stages.ran),
        )

    def _finetune(self, at: int, name: str) -> None:
        options = replace(self._options.teacher, seed=self._options.teacher.seed + at)
        if len(self._teachers) > 1:
            say(f"{self._data.title}: {SCHOOL.teacher} {at + 1} of {len(self._teachers)}")
        self._stages.run(
            name,
            # The model's hash is an input, so that its name on this machine does not matter.
            # Rows have class numbers; the teacher's folder has the class names too.
            {
                **asdict(replace(options, model="")),
                "classes": list(self._classes),
                **_points(self._data.item.scale),
            },
            {"rows": self._rows_hash, "model": resolve(options.model).sha256},
            [self._teachers[name]],
            lambda: finetune(
                self._data.item,
                self._learning,
                options,
                self._teachers[name],
                self._held_out,
                SCHOOL,
            ),
        )

    @property
    def _held_out(self) -> list[str]:
        return [row.response_id for row in self._data.validation]

    def _label_rows(self) -> None:
        folds, data = self._options.folds, self._data

        def label() -> None:
            if folds:
                work = self._folder / "folds"
                teacher = self._options.teacher
                labels = cross_fit(data.item, teacher, folds, work, self._held_out, SCHOOL)
            else:
                rows = data.for_teacher(labelled_rows(data.item))
                labels = self._teachers_labels(rows, f"scoring responses with the {SCHOOL.teacher}")
            write_labels(self._labels, labels)

        options = {"folds": folds} if data.crossfits else {}
        inputs = {"rows": self._rows_hash, **self._hashes}
        self._stages.run("labels", options, inputs, [self._labels], label)

    def _label_test_rows(self) -> None:
        rows = self._data.for_teacher(self._data.test)

        def label() -> None:
            labels = self._teachers_labels(
                rows, f"scoring the test responses with the {SCHOOL.teacher}"
            )
            write_labels(self._test_labels, labels)

        inputs = {"rows": hash_rows(rows), **self._hashes}
        self._stages.run("test-labels", {}, inputs, [self._test_labels], label)

    def _teachers_labels(self, rows: Sequence[Row], description: str) -> SoftLabels:
        """The teachers' mean probabilities of rows, as teachers read them."""
        precision = self._options.teacher.precision
        return averaged(
            [
                predicted_labels(teacher, rows, self._classes, description, precision=precision)
                for teacher in self._teachers.values()
            ]
        )

    def _label_variants(self) -> tuple[VariantTexts | None, Path]:
        seed, path = self._options.distil.seed, self._folder / "variants.csv"
        variants = self._data.variant_texts(self._options.variants, seed)
        if variants is not None:
            self._stages.run(
                "variants",
                {"count": variants.count, "seed": seed},
                {**variants.inputs, **self._hashes},
                [path],
                lambda: label_variants(
                    variants.texts(),
                    tuple(self._teachers.values()),
                    path,
                    precision=self._options.teacher.precision,
                    names=SCHOOL,
                ),
            )
        return variants, path

    def _distil(self, variants: VariantTexts | None, path: Path) -> Distilled:
        options, data = self._options.distil, self._data
        student, baseline = self._folder / "student", self._folder / "baseline"
        inputs = {"rows": self._rows_hash, "labels": hash_file(self._labels)}
        if variants is not None:
            inputs["variants"] = hash_file(path)
        if registry.get(options.student).needs_teacher:
            inputs["teacher"] = self._hashes["teacher"]
        if data.item.markup:  # rows without a tag are the same either way
            inputs["markup"] = "html"

        def run() -> None:
            learning = LearningData(
                data.item,
                data.train,
                data.validation,
                labels_by_id(self._labels, self._classes, [*data.train, *data.validation]),
                None if variants is None else variants.labelled(read_variants(path, self._classes)),
                self._teachers["teacher"],
                data.relations,
                SCHOOL,
            )
            distilled = distil(learning, options, self._folder / "work")
            store.save(distilled.student, student)
            store.save(distilled.baseline, baseline)

        self._stages.run("student", asdict(options), inputs, [student, baseline], run)
        return Distilled(data.load(student), data.load(baseline))


def _points(scale: Scale) -> dict[str, Any]:
    """The points of classes where version 0.2.0 took them for words, as input of a stage."""
    if not scale.numeric or (scale.even and scale.step == 1):
        return {}
    return {"points": list(scale.values)}
