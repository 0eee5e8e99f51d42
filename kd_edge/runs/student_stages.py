"""The stages of a run that make an item's student, and the second of two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace

from kd_edge.distillation.choice import choice_of
from kd_edge.distillation.distil import (
    Distilled,
    check_second,
    clear_work,
    distil,
    distil_second,
    soft_labels,
)
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.runs.pipeline_rows import PipelineRows
from kd_edge.stages.record import hash_folder, hash_json
from kd_edge.stages.runner import Stages
from kd_edge.students import registry, store


def make_students(
    stages: Stages,
    data: PipelineRows,
    options: DistilOptions,
    inputs: Mapping[str, str],
    teacher: str,
    learning: Callable[[], LearningData],
) -> Distilled:
    """Distil the student and its baseline, and the second where there are two.

    Args:
        stages: the item's; students go into `student`, `baseline` and `second` of its folder.
        data: loads them.
        options: of both students.
        inputs: the hash of each input by name, but for the teacher's.
        teacher: the teacher's hash, an input of students that are made from more of it than labels.
        learning: gives what students learn from; called where one is made.

    Raises:
        InputError: see the stages.
        StoppedError: the user stopped it; the same call resumes.
    """
    work = stages.folder / "work"
    student, baseline = stages.folder / "student", stages.folder / "baseline"

    def inputs_of(chosen: DistilOptions) -> dict[str, str]:
        needs = registry.get(chosen.student).needs_teacher
        return {**inputs, "teacher": teacher} if needs else dict(inputs)

    def run() -> None:
        learnt = learning()
        check_second(learnt, options)
        distilled = distil(learnt, options.first, work)
        store.save(distilled.student, student)
        store.save(distilled.baseline, baseline)

    outputs = [student, baseline]
    stages.run(
        "student",
        asdict(options.first),
        inputs_of(options.first),
        outputs,
        run,
        lambda: [*map(data.load, outputs)],
    )
    distilled = Distilled(*map(data.load, outputs))
    if options.second is None:
        clear_work(work)
        return distilled
    second = stages.folder / "second"
    # Of many questions the second follows the teacher: where that is no good, it is left out.
    follows_teacher = registry.REGISTRY[options.second.student].many_questions

    def run_second() -> None:
        learnt = learning()
        taught = learnt if follows_teacher else soft_labels(learnt, distilled)
        store.save(distil_second(taught, options, work), second)

    of_second = inputs_of(options.second)
    chosen, choice = asdict(options.second), choice_of(distilled.student.provenance)
    if follows_teacher:
        of_second["references"] = hash_json({**data.references})
    elif choice is not None and choice.teacher_share != 1:
        chosen["teacher_share"] = choice.teacher_share
        of_second["baseline"] = hash_folder(baseline)  # its probabilities are mixed in
    stages.run("second", chosen, of_second, [second], run_second, lambda: data.load(second))
    clear_work(work)
    return replace(distilled, second=data.load(second))
