"""`kd-edge run` as a function: a full run of every item, one bundle, one report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kd_edge.bundling.bundle import together, write
from kd_edge.console.progress import say
from kd_edge.data.responses import Item, Responses
from kd_edge.data.splits import split_item, test_items
from kd_edge.evaluation.agreement import Pooled, pooled
from kd_edge.files import make_folder, write_json
from kd_edge.runs.folder import (
    BUNDLE,
    REPORT,
    TOGETHER,
    item_folder,
    refuse_other_items,
    refuse_other_responses,
)
from kd_edge.runs.item_run import ItemReport, ItemRun, run_item
from kd_edge.runs.items import Failed, each_item
from kd_edge.runs.pipeline import RunOptions
from kd_edge.runs.temporary_bundle import temporary_bundle
from kd_edge.soft_labels.augmentation import unlabelled_texts
from kd_edge.stages.record import hash_folder, hash_rows, plain_options, versions
from kd_edge_runtime.errors import InputError


@dataclass(frozen=True)
class RunReport:
    """The report of a run.

    Attributes:
        bundle: the bundle's file name in the run's folder.
        items: one report for each item that succeeded.
        pooled: each scorer over all of them.
        failed: the items that failed.
        options: the run's options.
        versions: of the packages that the outcome may depend on.
    """

    bundle: str
    items: tuple[ItemReport, ...]
    pooled: tuple[Pooled, ...]
    failed: tuple[Failed, ...]
    options: Mapping[str, Any]
    versions: Mapping[str, str]


def run(
    responses: Responses,
    out: Path,
    options: RunOptions,
    test: Responses | None = None,
    sources: Mapping[str, Sequence[str]] | None = None,
    unlabelled: Responses | None = None,
) -> RunReport:
    """Run every item from responses to a bundle; write `bundle.kdz` and `report.json`.

    An item that fails stops no other: the bundle holds those that succeeded. The scores of each
    test row are kept too, for `kd_edge.report`.

    Args:
        responses: scored responses of one or more items.
        out: the run's folder.
        options: how.
        test: responses to measure on, where they are in a file of their own.
        sources: texts of prompt and rubric by item, for golden rows.
        unlabelled: responses without a score.

    Raises:
        InputError: something given is wrong, with several items with each of them; or the
            folder holds a run of other responses.
        StoppedError: the user stopped it; the same call goes on.
    """
    items = test_items(responses, test)
    source = test.source if test else ""
    refuse_other_items(out, REPORT, [item.item_id for item, _ in items])
    for item, other in items:
        _refuse_other_responses(item, other, out, options, source)

    def run_one(given: tuple[Item, Item | None]) -> ItemRun:
        split = split_item(*given, options.teacher.validation, options.teacher.seed, source)
        make_folder(out)
        name = split.item.item_id
        texts = unlabelled_texts(unlabelled, name, split.item.rows)
        if unlabelled is not None:
            say(f"Item '{name}': unscored responses used: {len(texts):,}.")
        return run_item(split, out, options, (sources or {}).get(name, ()), texts)

    runs, failed = each_item([(item.item_id, (item, other)) for item, other in items], run_one)
    items_reports = _write_bundle(runs, out / BUNDLE, options)
    report = RunReport(
        bundle=BUNDLE,
        items=items_reports,
        pooled=pooled([(one.item_id, one.lines) for one in items_reports]),
        failed=tuple(failed),
        options=plain_options(options),
        versions=versions(),
    )
    write_json(out / REPORT, asdict(report))
    (out / TOGETHER).unlink(missing_ok=True)
    return report


def _write_bundle(
    runs: Sequence[ItemRun], bundle: Path, options: RunOptions
) -> tuple[ItemReport, ...]:
    """Measure the items, write them into a bundle with their figures, and report on them."""
    prepared = together([one.prepared for one in runs])
    with temporary_bundle(prepared) as (scorer, draft):
        measured = [(one, one.measure(scorer, draft)) for one in runs]
    provenance = {
        "options": plain_options(options),
        "rows": {one.item_id: hash_rows(one.split.item.rows) for one in runs},
        "teachers": {
            one.item_id: [hash_folder(teacher) for teacher in one.outputs.teachers] for one in runs
        },
    }
    figures = {one.item_id: one.card_figures(lines) for one, lines in measured}
    manifest = write(prepared, bundle, provenance, figures)
    size = bundle.stat().st_size
    return tuple(one.report(lines, one.sizes(manifest, size)) for one, lines in measured)


def _refuse_other_responses(
    item: Item, other: Item | None, out: Path, options: RunOptions, source: str
) -> None:
    try:
        split = split_item(item, other, options.teacher.validation, options.teacher.seed, source)
    except InputError:
        return  # it is raised again where it counts as that item's failure
    rows = hash_rows([*split.train, *split.validation])
    texts = [row.text for row in split.item.rows]
    folder = item_folder(out, item.item_id)
    refuse_other_responses(out, folder, rows, texts, item.scale.classes)
