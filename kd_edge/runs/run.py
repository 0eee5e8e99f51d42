"""`kd-edge run` as a function: a full run of every item, one bundle, one report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kd_edge.bundling.bundle import write
from kd_edge.console.progress import say
from kd_edge.data.responses import Item, Responses
from kd_edge.data.splits import split_item, test_items
from kd_edge.evaluation.agreement import Pooled, pooled
from kd_edge.evaluation.sums import SumAgreement
from kd_edge.files import write_json
from kd_edge.runs.finished import remember_finished
from kd_edge.runs.folder import (
    BUNDLE,
    REPORT,
    TOGETHER,
    item_folder,
    refuse_other_items,
    refuse_other_responses,
)
from kd_edge.runs.item_run import ItemReport, ItemRun
from kd_edge.runs.item_task import ItemTask
from kd_edge.runs.items import Failed, each_item, refuse_too_many
from kd_edge.runs.lock import run_folder
from kd_edge.runs.options import RunOptions
from kd_edge.runs.provenance import bundle_provenance
from kd_edge.runs.sums import sums_of
from kd_edge.runs.temporary_bundle import temporary_bundle
from kd_edge.runs.test_scores import FILE, read_scored
from kd_edge.runs.verdict import shortfalls
from kd_edge.stages.record import hash_folder, hash_rows, versions
from kd_edge.students.kept_out import NOTHING, KeptOut
from kd_edge.students.registry import refuse_many_questions
from kd_edge.teacher.source import resolve
from kd_edge.training.doubts import Doubt
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.runs.cluster import Cluster


@dataclass(frozen=True)
class RunReport:
    """The report of a run.

    Attributes:
        bundle: the bundle's file name in the run's folder.
        items: one report for each item that succeeded.
        pooled: each scorer's figures over all of them.
        failed: the items that failed.
        options: the run's options.
        versions: versions of the packages that the results may depend on.
        sums: the figures of the sums of items whose scores add up.
        warnings: what was doubtful before the training, and what the small models do not do better
            than a guess, or than without a large model.
    """

    bundle: str
    items: tuple[ItemReport, ...]
    pooled: tuple[Pooled, ...]
    failed: tuple[Failed, ...]
    options: Mapping[str, Any]
    versions: Mapping[str, str]
    sums: tuple[SumAgreement, ...] = ()
    warnings: tuple[Doubt, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The report as JSON types; "sums" and "warnings" only where there are some."""
        content = {**asdict(self), "items": [item.as_json() for item in self.items]}
        for name in ("sums", "warnings"):
            if not content[name]:
                del content[name]
        return content


def run(
    responses: Responses,
    out: Path,
    options: RunOptions,
    test: Responses | None = None,
    sources: Mapping[str, Sequence[str]] | None = None,
    unlabelled: Responses | None = None,
    kept_out: KeptOut = NOTHING,
    cluster: Cluster | None = None,
) -> RunReport:
    """Train, export and measure every item; write `bundle.kdz` and `report.json`.

    An item that fails does not stop the others: the bundle holds those that succeeded. The scores
    of each test row are kept too, for `kd_edge.report`.

    Args:
        responses: scored responses of one or more items.
        out: the run's folder.
        options: the options of the run.
        test: responses to measure on, if they are in a separate file.
        sources: the texts of prompt and rubric by item, for golden rows.
        unlabelled: responses without a score.
        kept_out: words that no student may know.
        cluster: where the items are run; None for here, one after another.

    Raises:
        InputError: all items failed, the only one with its own message; or the folder holds a
            run of other responses, one that is still at work, or files of something else; or
            there are more items than a bundle holds, or the student is one of many items together.
        StoppedError: the user stopped it; the same call resumes.
    """
    limit = options.limits.bytes if options.limits else None
    refuse_too_many(len(responses.items), options.searched, limit)
    refuse_many_questions(options.distil.student)
    if not out.exists():
        resolve(options.teacher.model)  # a name that is wrong leaves no folder behind
    with run_folder(out):
        return _run(responses, out, options, test, sources or {}, unlabelled, kept_out, cluster)


def _run(
    responses: Responses,
    out: Path,
    options: RunOptions,
    test: Responses | None,
    sources: Mapping[str, Sequence[str]],
    unlabelled: Responses | None,
    kept_out: KeptOut,
    cluster: Cluster | None,
) -> RunReport:
    """Runs the items in a folder that nobody else runs in."""
    items = test_items(responses, test)
    source = test.source if test else ""
    refuse_other_items(out, REPORT, [item.item_id for item, _ in items])
    for item, other in items:
        _refuse_other_responses(item, other, out, options, source)

    def task(item: Item, other: Item | None) -> ItemTask:
        texts = tuple(sources.get(item.item_id, ()))
        unscored = unlabelled and _only(unlabelled, item.part_of or item.item_id)
        return ItemTask(item, other, out, options, source, texts, unscored, kept_out)

    tasks = [(item.item_id, task(item, other)) for item, other in items]
    apart = _left_out(responses, test, [item.item_id for item, _ in items])
    done, failed = cluster.each_item(tasks) if cluster else each_item(tasks, ItemTask.run)
    runs = [one.in_bundle_of(len(done)) for one in done]
    item_reports = _write_bundle(runs, out / BUNDLE, options)
    over_all = pooled([(report.item_id, report.lines) for report in item_reports])
    doubts = [doubt for one in runs for doubt in one.doubts]
    report = RunReport(
        bundle=BUNDLE,
        items=item_reports,
        pooled=over_all,
        failed=(*apart, *failed),
        options=options.as_json(),
        versions=versions(),
        sums=sums_of(
            [
                (
                    one.split.item,
                    read_scored(one.outputs.folder / FILE, one.split.item.scale.classes),
                )
                for one in runs
                if one.split.item.part_of is not None
            ]
        ),
        warnings=(*doubts, *shortfalls(item_reports, over_all)),
    )
    write_json(out / REPORT, report.as_json())
    (out / TOGETHER).unlink(missing_ok=True)
    for one in runs:
        remember_finished(out, one.outputs.folder, out / REPORT)
    return report


def _only(responses: Responses, item_id: str) -> Responses:
    """The responses to an item alone, as a task may be sent to another machine."""
    items = tuple(item for item in responses.items if item.item_id == item_id)
    return replace(responses, items=items, table=None)


def _left_out(responses: Responses, test: Responses | None, taken: Sequence[str]) -> list[Failed]:
    """The items that nothing can be learned from, or that cannot be measured."""
    failed = [Failed(one.item_id, one.why) for one in responses.left_out]
    reasons = {} if test is None else {one.item_id: one.why for one in test.left_out}
    for item in responses.items:
        name = item.item_id
        if test is not None and name not in taken:
            why = reasons.get(name, "no response to it is there")
            failed.append(Failed(name, f"{test.source}: {why}"))
            say(f"Item '{name}' is left out: {test.source}: {why}")
    return failed


def _write_bundle(
    runs: Sequence[ItemRun], bundle: Path, options: RunOptions
) -> tuple[ItemReport, ...]:
    """Measure the items, write them into a bundle with their figures, and report on them."""
    prepared = [item_run.prepared for item_run in runs]
    with temporary_bundle(prepared, bundle.parent) as scorer:
        measured = [(item_run, item_run.measure(scorer)) for item_run in runs]
    provenance = bundle_provenance(
        options,
        {item_run.item_id: hash_rows(item_run.split.item.rows) for item_run in runs},
        {
            item_run.item_id: [hash_folder(teacher) for teacher in item_run.outputs.teachers]
            for item_run in runs
        },
    )
    figures = {item_run.item_id: item_run.card_figures(lines) for item_run, lines in measured}
    manifest = write(prepared, bundle, provenance, figures)
    size = bundle.stat().st_size
    return tuple(
        item_run.report(lines, item_run.sizes(manifest, size)) for item_run, lines in measured
    )


def _refuse_other_responses(
    item: Item, other: Item | None, out: Path, options: RunOptions, source: str
) -> None:
    try:
        split = split_item(item, other, options.teacher.validation, options.teacher.seed, source)
    except InputError:
        return  # raised again when the item is run, as the failure of that item
    rows = hash_rows([*split.train, *split.validation])
    texts = [row.text for row in split.item.rows]
    folder = item_folder(out, item.item_id)
    refuse_other_responses(out, folder, rows, texts, item.scale.classes)
