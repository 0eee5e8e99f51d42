"""`kd-edge run` as a function: every item the whole way, one bundle, one report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kd_edge.assessment import Failed, Pooled, each_item, pooled
from kd_edge.card import Figures
from kd_edge.decision import choose_decision, decided
from kd_edge.evaluation import Line, Scorings, Sizes, human_scores, lines, second_scores
from kd_edge.exporting import ExportItem, Prepared, prepare, together, write
from kd_edge.files import make_folder, write_json
from kd_edge.gates import FormParity
from kd_edge.labels import labels_by_id
from kd_edge.pipeline import Made, RunOptions, go
from kd_edge.report.scored import FILE as TEST_SCORES
from kd_edge.report.scored import BundleScorings, RowScorings, Scored, write_scored
from kd_edge.review import Review
from kd_edge.rows import Item, Responses, Row, Scale
from kd_edge.run_folder import BUNDLE, REPORT
from kd_edge.splits import split_item, test_items
from kd_edge.stage import hash_folder, hash_rows, plain_options, versions
from kd_edge.students.store import Student
from kd_edge.teacher.size import teacher_size
from kd_edge.trust import review_of
from kd_edge.unlabelled import unlabelled_texts
from kd_edge_runtime.manifest import ItemEntry, Manifest
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
        InputError: something given is wrong; the message says what and where. With several
            items, only if it is so with each of them.
        StoppedError: the user stopped it; the same call goes on.
    """
    share, seed = options.teacher.validation, options.teacher.seed
    source = test.source if test else ""

    def go_one(given: tuple[Item, Item | None]) -> _Ready:
        split = split_item(*given, share, seed, source)
        make_folder(out)
        texts = unlabelled_texts(unlabelled, split.item.item_id, split.item.rows)
        made = go(split, out, options, texts)
        own = (sources or {}).get(split.item.item_id, ())
        return _Ready(made, prepare([_to_export(made, own)]))

    items = test_items(responses, test)
    ready, failed = each_item([(item.item_id, (item, other)) for item, other in items], go_one)
    made = [one.made for one in ready]
    prepared = together([one.prepared for one in ready])
    bundle = out / BUNDLE
    provenance = {
        "options": plain_options(options),
        "rows": {one.split.item.item_id: hash_rows(one.split.item.rows) for one in made},
        "teachers": {one.split.item.item_id: hash_folder(one.teacher) for one in made},
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
    return report


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
        teacher=_teacher_scorings(made),
        student=_scorings(made.distilled.student, texts),
        bundle=_bundle_scorings(scorer, entry, texts),
    )
    write_scored(made.folder / TEST_SCORES, scored, entry.classes)
    found = Scorings(
        teacher=scored.teacher.predicted,
        student=scored.bundle.predicted,
        baseline=_scorings(made.distilled.baseline, texts).predicted,
    )
    sizes = _sizes(made, entry, manifest, bundle)
    return lines(split.item, split.train, split.test, found, sizes), sizes


def _scorings(student: Student, texts: Sequence[str]) -> RowScorings:
    found = student.probabilities(texts)
    return RowScorings(decided(found, student.scale, student.decision), found.astype(np.float64))


def _teacher_scorings(made: Made) -> RowScorings:
    """The teacher's classes, by the decision that its validation rows favour."""
    scale, validation = made.split.item.scale, made.split.validation
    rule = choose_decision(
        _stacked(made.labels, scale, validation), human_scores(validation), scale
    )
    found = _stacked(made.test_labels, scale, made.split.test)
    return RowScorings(decided(found, scale, rule), found)


def _bundle_scorings(scorer: Scorer, entry: ItemEntry, texts: Sequence[str]) -> BundleScorings:
    place = {name: at for at, name in enumerate(entry.classes)}
    found = scorer.score_many(texts, entry.item_id)
    return BundleScorings(
        predicted=np.array([place[score.predicted] for score in found], dtype=np.int64),
        probabilities=np.array([score.probabilities for score in found], dtype=np.float64),
        expected=np.array([score.expected for score in found], dtype=np.float64),
        confidence=np.array([score.confidence for score in found], dtype=np.float64),
        flags=tuple(score.flag for score in found),
    )


def _stacked(path: Path, scale: Scale, rows: Sequence[Row]) -> np.ndarray:
    found = labels_by_id(path, scale.classes, rows)
    return np.stack([found[row.response_id] for row in rows])


def _sizes(made: Made, entry: ItemEntry, manifest: Manifest, bundle: Path) -> Sizes:
    parameters, size = teacher_size(made.teacher)
    smallest = entry.forms.get("plain-int8") or entry.forms["onnx-int8"]
    return Sizes(
        teacher_parameters=parameters,
        teacher_bytes=size,
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
