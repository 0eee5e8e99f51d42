"""From rows to a student: teachers, soft labels, variants, distillation, by stages.

A stage writes its output and a record of what it was computed from (`kd_edge.stages.record`); a
stage with the same options and inputs is not run again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kd_edge.console.model_names import SCHOOL
from kd_edge.console.progress import say
from kd_edge.data.responses import Row
from kd_edge.distillation.distil import Distilled
from kd_edge.distillation.learning import LearningData
from kd_edge.files import make_folder, sweep
from kd_edge.runs.options import RunOptions
from kd_edge.runs.outputs import StageOutputs, unlike_words
from kd_edge.runs.pipeline_rows import PipelineRows, VariantTexts
from kd_edge.runs.provenance import bundle_provenance, measured_on
from kd_edge.runs.sizes import InBundle, SizeStage
from kd_edge.runs.student_stages import make_students
from kd_edge.size_search.shown import SizeChoice
from kd_edge.soft_labels.label_rows import cross_fit, labelled_rows, mean_labels
from kd_edge.soft_labels.label_variants import clear_partial, label_variants, read_variants
from kd_edge.soft_labels.labels import SoftLabels, labels_by_id, write_labels
from kd_edge.stages.record import hash_file, hash_folder, hash_rows
from kd_edge.stages.runner import Stages
from kd_edge.students import registry
from kd_edge.students.base import TextSources
from kd_edge.teacher.building import model_inputs
from kd_edge.teacher.compute import computing_on
from kd_edge.teacher.finetune import finetune
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.source import resolve

# What progress calls the stages, whose names are those of their files.
_STAGES = {
    "labels": f"the {SCHOOL.teacher}'s scores of the responses",
    "variants": f"the {SCHOOL.teacher}'s scores of the variants",
    "student": SCHOOL.student,
    "second": f"the second {SCHOOL.student}",
    "test-labels": f"the {SCHOOL.teacher}'s scores of the test responses",
}


class Pipeline:
    """Fine-tune, label the rows, label variants, distil, label the test rows.

    Args:
        data: the rows, and how teachers and student read them.
        folder: where outputs and records go.
        options: the options of the run.
        sources: prompt, rubric and reference answers, which take bytes of a bundle.
    """

    def __init__(
        self,
        data: PipelineRows,
        folder: Path,
        options: RunOptions,
        sources: tuple[str, ...] = (),
    ) -> None:
        self._data = data
        self._classes = data.item.scale.classes
        self._folder = folder
        self._options, self._sources = options, sources
        self._size: SizeChoice | None = None
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
        # What is not told where to compute, a student or the vectors for it, does so there too.
        with computing_on(self._options.teacher.device):
            return self._run()

    def teach(self) -> tuple[str, ...]:
        """Run the stages that a teacher computes, and leave the student's to `run`.

        Returns:
            The names of those that were run.

        Raises:
            InputError: see the stages.
            StoppedError: the user stopped it; the same call resumes.
        """
        with computing_on(self._options.teacher.device):
            self._finetune_and_label()
            self._label_variants()
            self._label_test_rows()
        return tuple(self._stages.ran)

    def _finetune_and_label(self) -> None:
        make_folder(self._folder)
        sweep(self._folder)
        for at, name in enumerate(self._teachers):
            self._finetune(at, name)
        # Hashed once for all later stages: a teacher is as large as its language model.
        self._hashes = {name: hash_folder(folder) for name, folder in self._teachers.items()}
        self._label_rows()

    def _run(self) -> StageOutputs:
        self._finetune_and_label()
        distilled = self._distil(*self._label_variants())
        self._label_test_rows()
        return StageOutputs(
            folder=self._folder,
            teachers=tuple(self._teachers.values()),
            labels=self._labels,
            test_labels=self._test_labels,
            distilled=distilled,
            ran=tuple(self._stages.ran),
            size=self._size,
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
                **replace(options, model="").as_input(),
                "classes": list(self._classes),
                **unlike_words(self._data.item.scale),
            },
            {"rows": self._rows_hash, **model_inputs(self._data.item, resolve(options.model))},
            [self._teachers[name]],
            lambda: self._finetune_fresh(options, name),
        )

    def _finetune_fresh(self, options: TeacherOptions, name: str) -> None:
        # A model that no student can be cut out of is refused now, not after an hour's work.
        distil = self._options.distil
        for chosen in (distil.first, distil.second):
            # Of all kinds the search leaves out what cannot be made, unless layers are named.
            named = chosen is distil.first or not self._options.kinds or distil.second_options
            if chosen is not None and named:
                kind = registry.get(chosen.student)
                kind.check_model(
                    resolve(options.model).folder,
                    TextSources([row.text for row in self._data.train], sharing=self._data.sharing),
                    kind.options(chosen.student_options),
                )
        finetune(
            self._data.item, self._learning, options, self._teachers[name], self._held_out, SCHOOL
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
        teachers, options = [*self._teachers.values()], self._options.teacher
        where = options.precision, options.device
        return mean_labels(teachers, rows, self._classes, description, *where)

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
                    device=self._options.teacher.device,
                ),
            )
        clear_partial(path)
        return variants, path

    def _distil(self, variants: VariantTexts | None, path: Path) -> Distilled:
        data = self._data
        inputs = {"rows": self._rows_hash, "labels": hash_file(self._labels)}
        if variants is not None:
            inputs["variants"] = hash_file(path)
        if data.item.markup:  # rows without a tag are the same either way
            inputs["markup"] = "html"
        if data.sharing:
            inputs["sharing"] = data.sharing.sha256
        inputs.update(data.more_inputs)

        def learning() -> LearningData:
            return LearningData(
                data.item,
                data.train,
                data.validation,
                labels_by_id(self._labels, self._classes, [*data.train, *data.validation]),
                None if variants is None else variants.labelled(read_variants(path, self._classes)),
                self._teachers["teacher"],
                data.relations,
                SCHOOL,
                data.kept_out,
                data.references,
            )

        if self._options.limits is not None:
            return self._distil_within(inputs, learning)

        return make_students(
            self._stages, data, self._options.distil, inputs, self._hashes["teacher"], learning
        )

    def _distil_within(
        self, inputs: Mapping[str, str], learning: Callable[[], LearningData]
    ) -> Distilled:
        """As `_distil`, of the students that are the best within the limits."""
        data, names = self._data, ("student", "baseline", "second")
        folders = {name: self._folder / name for name in names}
        provenance = bundle_provenance(
            self._options,
            {data.item.item_id: hash_rows(data.item.rows)},
            {data.item.item_id: [*self._hashes.values()]},
        )
        bundle = InBundle(self._sources, provenance, measured_on(data.split))
        taught = {**inputs, "teacher": self._hashes["teacher"]}
        self._size = SizeStage(self._stages, self._options, bundle).run(taught, learning, folders)
        kept = names if self._size.share is not None else names[:2]
        return Distilled(*(data.load(folders[name]) for name in kept))
