"""`kd-edge run` as a function: every item the whole way, one bundle, one report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kd_edge.bundling.bundle import ExportItem, Prepared, prepare, together, write
from kd_edge.bundling.model_card import Figures
from kd_edge.bundling.parity import FormParity
from kd_edge.console.progress import say
from kd_edge.data.responses import Item, Responses
from kd_edge.data.splits import split_item, test_items
from kd_edge.evaluation.agreement import Line, Scorings, Sizes, human_scores, lines, second_scores
from kd_edge.evaluation.pooled import Pooled, pooled
from kd_edge.evaluation.review import Review, review_of
from kd_edge.files import make_folder, write_json
from kd_edge.runs.folder import (
    BUNDLE,
    REPORT,
    TOGETHER,
    item_folder,
    refuse_other_items,
    refuse_other_responses,
)
from kd_edge.runs.items import Failed, each_item
from kd_edge.runs.pipeline import Made, RunOptions, go
from kd_edge.runs.test_scores import FILE as TEST_SCORES
from kd_edge.runs.test_scores import (
    Scored,
    bundle_scorings,
    student_scorings,
    teacher_scorings,
    write_scored,
)
from kd_edge.soft_labels.augmentation import unlabelled_texts
from kd_edge.stages.record import hash_folder, hash_rows, plain_options, versions
from kd_edge.teacher.card import teacher_size
from kd_edge_runtime.bundle.manifest import ItemEntry, Manifest
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer


@dataclass(frozen=True)
class ItemReport:
    """What came of one item.

    Attributes:
        item_id: the item.
        rows: how many rows were learnt from, held out for choices, and measured on.
        test_rows: where the test rows come from, in words.
        lines: the figures, a line a scorer.
        sizes: what teacher and student take.
        parity: each form of the bundle against PyTorch.
        ran: the stages that were run and not kept.
        review: which of the student's scores are flagged for a person.
    """

    item_id: str
    rows: Mapping[str, int]
    test_rows: str
    lines: tuple[Line, ...]
    sizes: Sizes
    parity: tuple[FormParity, ...]
    ran: tuple[str, ...]
    review: Review | None = None


@dataclass(frozen=True)
class RunReport:
    """What came of a run.

    Attributes:
        bundle: the bundle's file name in the run's folder.
        items: one report an item that went through.
        pooled: each scorer over all of them.
        failed: the items that did not.
        options: the run's options.
        versions: of what ran.
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
    """Goes the whole way for every item, and writes `bundle.kdz` and `report.json`.

    An item that fails stops no other: the bundle holds those that went through.

    What each scorer says of the test rows is kept too, for `kd_edge.report`.

    Args:
        responses: scored responses of one or more items.
        out: the run's folder.
        options: how.
        test: responses to measure on, where they are in a file of their own.
        sources: texts of prompt and rubric by item, for golden rows.
        unlabelled: responses that nobody scored.

    Raises:
        InputError: something given is wrong, with several items with each of them; or the
            folder holds a run of other responses.
        StoppedError: the user stopped it; the same call goes on.
    """
    share, seed = options.teacher.validation, options.teacher.seed
    source = test.source if test else ""

    def go_one(given: tuple[Item, Item | None]) -> _Ready:
        split = split_item(*given, share, seed, source)
        make_folder(out)
        texts = unlabelled_texts(unlabelled, split.item.item_id, split.item.rows)
        if unlabelled is not None:
            say(f"Item '{split.item.item_id}': unscored responses taken: {len(texts):,}.")
        made = go(split, out, options, texts)
        own = (sources or {}).get(split.item.item_id, ())
        return _Ready(made, prepare([_to_export(made, own)]))

    items = test_items(responses, test)
    refuse_other_items(out, REPORT, [item.item_id for item, _ in items])
    for item, other in items:
        _refuse_other_responses(item, other, out, options, source)
    ready, failed = each_item([(item.item_id, (item, other)) for item, other in items], go_one)
    made = [one.made for one in ready]
    prepared = together([one.prepared for one in ready])
    bundle = out / BUNDLE
    provenance = {
        "options": plain_options(options),
        "rows": {one.split.item.item_id: hash_rows(one.split.item.rows) for one in made},
        "teachers": {
            one.split.item.item_id: [hash_folder(teacher) for teacher in one.teachers]
            for one in made
        },
    }
    # Once without figures, to measure the very file; then with them on its card.
    manifest = write(prepared, bundle, provenance)
    with Scorer.open(bundle) as scorer:
        measured = [_measured(one, scorer, manifest, bundle) for one in made]
    figures = {
        one.split.item.item_id: Figures(_said(one), found)
        for one, (found, _) in zip(made, measured, strict=True)
    }
    write(prepared, bundle, provenance, figures)
    size = bundle.stat().st_size  # with the figures on its card
    report = RunReport(
        bundle=BUNDLE,
        items=tuple(
            _item_report(one, found, replace(sizes, bundle_bytes=size), prepared.parity)
            for one, (found, sizes) in zip(made, measured, strict=True)
        ),
        pooled=pooled(
            [
                (one.split.item.item_id, found)
                for one, (found, _) in zip(made, measured, strict=True)
            ]
        ),
        failed=tuple(failed),
        options=plain_options(options),
        versions=versions(),
    )
    write_json(out / REPORT, asdict(report))
    (out / TOGETHER).unlink(missing_ok=True)
    return report


def _refuse_other_responses(
    item: Item, other: Item | None, out: Path, options: RunOptions, source: str
) -> None:
    try:
        split = split_item(item, other, options.teacher.validation, options.teacher.seed, source)
    except InputError:
        return  # it will be told where it counts as that item's
    rows = hash_rows([*split.train, *split.validation])
    texts = [row.text for row in split.item.rows]
    folder = item_folder(out, item.item_id)
    refuse_other_responses(out, folder, rows, texts, item.scale.classes)


@dataclass(frozen=True)
class _Ready:
    """An item that went through: what its stages made, and its forms, checked."""

    made: Made
    prepared: Prepared


def _to_export(made: Made, sources: Sequence[str]) -> ExportItem:
    item = made.split.item
    shown = (*sources, *([item.prompt] if item.prompt else []))
    return ExportItem(
        made.distilled.student, (*shown, *item.references), made.split.validation, shown
    )


def _said(made: Made) -> str:
    return f"{len(made.split.test)} responses it did not learn from ({made.split.how})"


def _measured(
    made: Made, scorer: Scorer, manifest: Manifest, bundle: Path
) -> tuple[tuple[Line, ...], Sizes]:
    """Every scorer's figures on the test rows, the student's from the bundle itself.

    What they say of each row is kept in the item's folder, for `kd-edge report`.
    """
    split = made.split
    entry = manifest.item(split.item.item_id)
    texts = [row.text for row in split.test]
    scored = Scored(
        ids=tuple(row.response_id for row in split.test),
        texts=tuple(texts),
        human=human_scores(split.test),
        second=second_scores(split.test),
        groups=tuple(row.group or "" for row in split.test),
        teacher=teacher_scorings(
            made.labels, split.validation, made.test_labels, split.test, split.item.scale
        ),
        student=student_scorings(made.distilled.student, texts),
        bundle=bundle_scorings(scorer.score_many(texts, entry.item_id), entry.classes),
    )
    write_scored(made.folder / TEST_SCORES, scored, entry.classes)
    found = Scorings(
        teacher=scored.teacher.predicted,
        student=scored.bundle.predicted,
        baseline=student_scorings(made.distilled.baseline, texts).predicted,
    )
    sizes = _sizes(made, entry, manifest, bundle)
    return lines(split.item, split.train, split.test, found, sizes), sizes


def _sizes(made: Made, entry: ItemEntry, manifest: Manifest, bundle: Path) -> Sizes:
    sizes = [teacher_size(teacher) for teacher in made.teachers]
    smallest = entry.forms.get("plain-int8") or entry.forms["onnx-int8"]
    return Sizes(
        teacher_parameters=sum(parameters for parameters, _ in sizes),
        teacher_bytes=sum(size for _, size in sizes),
        student_parameters=entry.parameters,
        plain_bytes=sum(manifest.members[name].bytes for name in (entry.vectorizer, smallest)),
        bundle_bytes=bundle.stat().st_size,
    )


def _item_report(
    made: Made,
    figures: tuple[Line, ...],
    sizes: Sizes,
    parity: Mapping[str, tuple[FormParity, ...]],
) -> ItemReport:
    split = made.split
    return ItemReport(
        item_id=split.item.item_id,
        rows={
            "train": len(split.train),
            "validation": len(split.validation),
            "test": len(split.test),
        },
        test_rows=split.how,
        lines=figures,
        sizes=sizes,
        parity=parity[split.item.item_id],
        ran=made.ran,
        review=review_of(made.distilled.student),
    )
