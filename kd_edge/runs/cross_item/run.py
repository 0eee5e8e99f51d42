"""`kd-edge run --together` as a function: many questions, one student, bundle and report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kd_edge.bundling import model_card
from kd_edge.bundling.bundle import ExportItem, prepare, write
from kd_edge.console.progress import say
from kd_edge.data.responses import Responses
from kd_edge.distillation.choice import Choice, choice_of
from kd_edge.evaluation.agreement import Line, human_scores
from kd_edge.evaluation.metrics import Scores, agreement
from kd_edge.evaluation.review import Review, review_of
from kd_edge.files import write_json
from kd_edge.runs.cross_item.agreement import ALL, SEEN, UNSEEN, Part, part
from kd_edge.runs.cross_item.pipeline import run_stages
from kd_edge.runs.cross_item.pool import Pool, make_pool
from kd_edge.runs.cross_item.refusals import refuse_too_many_of_both, refuse_unfit
from kd_edge.runs.cross_item.scoring import classes_of, each_alone, rows_of_each, score_rows
from kd_edge.runs.cross_item.second import SecondChoice, SecondReport, choose_second
from kd_edge.runs.finished import remember_finished
from kd_edge.runs.folder import (
    BUNDLE,
    REPORT,
    TOGETHER,
    refuse_other_items,
    refuse_other_responses,
    remember_responses,
)
from kd_edge.runs.items import refuse_too_many
from kd_edge.runs.lock import run_folder
from kd_edge.runs.options import RunOptions
from kd_edge.runs.outputs import StageOutputs
from kd_edge.runs.provenance import pooled_provenance
from kd_edge.runs.temporary_bundle import temporary_bundle
from kd_edge.runs.test_scores import FILE as TEST_SCORES
from kd_edge.runs.test_scores import write_scored
from kd_edge.runs.verdict import shortfalls_together
from kd_edge.stages.record import hash_folder, hash_rows, versions
from kd_edge.students import registry
from kd_edge.students.kept_out import NOTHING, KeptOut
from kd_edge.students.student import Student
from kd_edge.teacher.reading_limit import training_doubts
from kd_edge.teacher.source import resolve
from kd_edge.training.doubts import Doubt, say_doubts
from kd_edge_runtime.bundle.manifest import Manifest


@dataclass(frozen=True)
class SharedSizes:
    """Parameters and bytes of the teachers and of the student that all questions share.

    Attributes:
        teacher_parameters: number of all teachers' parameters.
        teacher_bytes: size of their weights and tokenizers.
        student_parameters: number of the student's parameters.
        shared_bytes: size of its vocabulary and network, once for all questions.
        question_bytes: what each question adds on average, without golden rows.
        bundle_bytes: size of the bundle.
    """

    teacher_parameters: int
    teacher_bytes: int
    student_parameters: int
    shared_bytes: int
    question_bytes: float
    bundle_bytes: int


@dataclass(frozen=True)
class TogetherReport:
    """The report of a run.

    Attributes:
        bundle: the bundle's file name in the run's folder.
        rows: number of rows to train on, held out for choices, and measured on.
        test_rows: where the test rows come from, in words.
        classes: the classes, lowest first.
        parts: the figures over all test rows, and over those to training questions and to new
            questions, if there are both.
        questions: the figures of each question that has test rows.
        unseen: those of them that the student was not trained on.
        sizes: of teacher and student.
        ran: the stages that were run; the others were kept from before.
        options: the run's options.
        versions: of the packages that the outcome may depend on.
        review: which of the student's scores are flagged for a person.
        choice: what the student learnt from, and why.
        warnings: what was doubtful before the training, and what is weak about the student.
        second: of two students, whether the second is in the bundle, and why.
    """

    bundle: str
    rows: Mapping[str, int]
    test_rows: str
    classes: tuple[str, ...]
    parts: tuple[Part, ...]
    questions: tuple[Part, ...]
    unseen: tuple[str, ...]
    sizes: SharedSizes
    ran: tuple[str, ...]
    options: Mapping[str, Any]
    versions: Mapping[str, str]
    review: Review | None = None
    choice: Choice | None = None
    warnings: tuple[Doubt, ...] = ()
    second: SecondReport | None = None

    def as_json(self) -> dict[str, Any]:
        """As JSON types; "second" only where there is one."""
        content = asdict(self)
        if self.second is None:
            del content["second"]
        return content


def run_together(
    responses: Responses,
    out: Path,
    options: RunOptions,
    test: Responses | None = None,
    kept_out: KeptOut = NOTHING,
) -> TogetherReport:
    """Train one student for all questions; write `bundle.kdz` and `together.json`.

    The scores of each test row are kept too, for `kd_edge.report`.

    Args:
        responses: scored responses to questions with reference answers.
        out: the run's folder.
        options: the options of the run.
        test: responses to measure on, also to other questions, which go into the bundle too.
        kept_out: words of responses that the student may not know.

    Raises:
        InputError: an argument is wrong, or the folder holds a run of other responses.
        StoppedError: the user stopped it; the same call resumes.
    """
    refuse_unfit(options, [one for one in (responses, test) if one])
    teacher, student_options = options.teacher, options.distil.student_options
    rules = registry.get("pairs").options(student_options).rules
    pool = make_pool(responses, test, teacher.validation, teacher.seed, rules)
    refuse_too_many(len(pool.questions), [registry.DEFAULT])
    refuse_too_many_of_both(options, len(pool.questions))
    if not out.exists():
        resolve(options.teacher.model)  # a name that is wrong leaves no folder behind
    with run_folder(out):
        return _run(pool, out, options, kept_out)


def _run(pool: Pool, out: Path, options: RunOptions, kept_out: KeptOut) -> TogetherReport:
    """Runs in a folder that nobody else runs in."""
    refuse_other_items(out, TOGETHER, pool.questions)
    training = [*pool.train, *pool.validation]
    rows, classes = hash_rows(pool.for_teacher(training)), pool.item.scale.classes
    texts = [row.text for row in (*training, *pool.test)]
    refuse_other_responses(out, out, rows, texts, classes, questions=True)
    remember_responses(out, texts)
    read = (pool.for_teacher(pool.train), pool.for_teacher(pool.validation))
    doubts = training_doubts(pool.item, "", *read, options.teacher)
    say_doubts(doubts)
    outputs = run_stages(pool, out, options, kept_out)
    student, second = outputs.distilled.student, choose_second(pool, outputs, options.cascade)
    say(f"Writing the bundle of {len(pool.questions)} items …")
    prepared = prepare([_to_export(name, pool, student, second) for name in pool.questions])
    with temporary_bundle(prepared, out) as scorer:
        scored = score_rows(pool, outputs, scorer, second)
        alone = each_alone(pool, scorer, second) if second else {}
    write_scored(out / TEST_SCORES, scored, classes)
    classes_by_scorer = {**classes_of(pool, outputs, scored), **alone}
    provenance = pooled_provenance(options, rows, [*map(hash_folder, outputs.teachers)])
    bundle = out / BUNDLE
    cards = _cards(pool, classes_by_scorer, options.teachers)
    manifest = write(prepared, bundle, provenance, cards)
    sizes = _sizes(outputs, manifest, bundle)
    report = _report(pool, outputs, classes_by_scorer, sizes, options)
    report = replace(
        report,
        warnings=(*doubts, *shortfalls_together(report.parts, report.choice)),
        second=second.report(manifest) if second else None,
        review=second.review if second and second.review else report.review,
    )
    write_json(out / TOGETHER, report.as_json())
    (out / REPORT).unlink(missing_ok=True)
    remember_finished(out, out, out / TOGETHER)
    return report


def _report(
    pool: Pool,
    outputs: StageOutputs,
    classes: Mapping[str, Scores],
    sizes: SharedSizes,
    options: RunOptions,
) -> TogetherReport:
    rows = rows_of_each(pool)
    return TogetherReport(
        bundle=BUNDLE,
        rows=pool.counts,
        test_rows=pool.how,
        classes=pool.item.scale.classes,
        parts=_parts(pool, classes),
        questions=tuple(part(name, pool.test, at, classes) for name, at in rows.items()),
        unseen=tuple(name for name in rows if name in pool.unseen),
        sizes=sizes,
        ran=outputs.ran,
        options=options.as_json(),
        versions=versions(),
        review=review_of(outputs.distilled.student.provenance),
        choice=choice_of(outputs.distilled.student.provenance),
    )


def _to_export(
    name: str, pool: Pool, shared: Student, second: SecondChoice | None = None
) -> ExportItem:
    """The student of one question, or both, for a bundle."""
    item = pool.questions[name]
    prompts = (item.prompt,) if item.prompt else ()
    asked = second if second and second.asked_about(pool, name) else None
    return ExportItem(
        replace(shared, item_id=name),
        (*prompts, *item.references),
        tuple(row for row in pool.validation if row.item_id == name),
        prompts,
        second=replace(asked.student, item_id=name) if asked else None,
        cascade=asked.cascade if asked else None,
    )


def _parts(pool: Pool, classes: Mapping[str, Scores]) -> tuple[Part, ...]:
    new = [at for at, row in enumerate(pool.test) if row.item_id in pool.unseen]
    known = [at for at, row in enumerate(pool.test) if row.item_id not in pool.unseen]
    all_ = part(ALL, pool.test, range(len(pool.test)), classes)
    if not new or not known:
        return (all_,)
    return all_, part(SEEN, pool.test, known, classes), part(UNSEEN, pool.test, new, classes)


def _cards(
    pool: Pool, classes: Mapping[str, Scores], teachers: int
) -> dict[str, model_card.CardFigures]:
    """Figures of each question for the bundle's card."""
    scale, human = pool.item.scale, human_scores(pool.test)
    return {
        name: model_card.CardFigures(
            f"{len(at)} responses it was not trained on ({pool.how})",
            tuple(
                Line(scorer, agreement(human[at], scores[at], scale))
                for scorer, scores in classes.items()
            ),
            teachers=teachers,
        )
        for name, at in rows_of_each(pool).items()
    }


def _sizes(outputs: StageOutputs, manifest: Manifest, bundle: Path) -> SharedSizes:
    parameters, size = outputs.teacher_size()
    first = manifest.items[0]
    each = [manifest.members[entry.vectorizer].bytes for entry in manifest.items]
    return SharedSizes(
        teacher_parameters=parameters,
        teacher_bytes=size,
        student_parameters=first.parameters,
        shared_bytes=manifest.members[next(iter(first.forms.values()))].bytes,
        question_bytes=sum(each) / len(each),
        bundle_bytes=bundle.stat().st_size,
    )
