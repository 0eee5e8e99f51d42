"""`kd-edge run` as a function: every item the whole way, one bundle, one report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kd_edge.card import Figures
from kd_edge.decision import choose_decision, decided
from kd_edge.evaluation import Line, Scorings, Sizes, human_scores, lines
from kd_edge.exporting import ExportItem, prepare, write
from kd_edge.files import make_folder, write_json
from kd_edge.gates import FormParity
from kd_edge.labels import labels_by_id
from kd_edge.metrics import Scores
from kd_edge.pipeline import Made, RunOptions, go
from kd_edge.rows import Responses, Row, Scale
from kd_edge.splits import split_item, test_items
from kd_edge.stage import hash_folder, hash_rows, plain_options, versions
from kd_edge.students.store import Student
from kd_edge.teacher.size import teacher_size
from kd_edge_runtime.manifest import ItemEntry, Manifest
from kd_edge_runtime.scorer import Scorer

BUNDLE = "bundle.kdz"
REPORT = "report.json"


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
    """

    item_id: str
    rows: Mapping[str, int]
    test_rows: str
    lines: tuple[Line, ...]
    sizes: Sizes
    parity: tuple[FormParity, ...]
    ran: tuple[str, ...]


@dataclass(frozen=True)
class RunReport:
    """What came of a run.

    Attributes:
        bundle: the bundle's file name in the run's folder.
        items: one report an item.
        options: the run's options.
        versions: of what ran.
    """

    bundle: str
    items: tuple[ItemReport, ...]
    options: Mapping[str, Any]
    versions: Mapping[str, str]


def run(
    responses: Responses,
    out: Path,
    options: RunOptions,
    test: Responses | None = None,
    sources: Sequence[str] = (),
) -> RunReport:
    """Goes the whole way for every item, and writes `bundle.kdz` and `report.json`.

    Args:
        responses: scored responses of one or more items.
        out: the run's folder.
        options: how.
        test: responses to measure on, where they are in a file of their own.
        sources: prompt and rubric, for golden rows; of no use with several items.

    Raises:
        InputError: something given is wrong; the message says what and where.
        StoppedError: the user stopped it; the same call goes on.
    """
    share, seed = options.teacher.validation, options.teacher.seed
    splits = [
        split_item(item, other, share, seed, test.source if test else "")
        for item, other in test_items(responses, test)
    ]
    make_folder(out)
    made = [go(split, out, options) for split in splits]
    bundle = out / BUNDLE
    provenance = {
        "options": plain_options(options),
        "rows": {one.split.item.item_id: hash_rows(one.split.item.rows) for one in made},
        "teachers": {one.split.item.item_id: hash_folder(one.teacher) for one in made},
    }
    prepared = prepare([_to_export(one, sources) for one in made])
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
        options=plain_options(options),
        versions=versions(),
    )
    write_json(out / REPORT, asdict(report))
    return report


def _to_export(made: Made, sources: Sequence[str]) -> ExportItem:
    item = made.split.item
    given = [*sources, *([item.prompt] if item.prompt else []), *item.references]
    return ExportItem(made.distilled.student, tuple(given), made.split.validation)


def _said(made: Made) -> str:
    return f"{len(made.split.test)} responses it did not learn from ({made.split.how})"


def _measured(
    made: Made, scorer: Scorer, manifest: Manifest, bundle: Path
) -> tuple[tuple[Line, ...], Sizes]:
    """Every scorer's figures on the test rows, the student's from the bundle itself."""
    split = made.split
    entry = manifest.item(split.item.item_id)
    texts = [row.text for row in split.test]
    place = {name: at for at, name in enumerate(entry.classes)}
    scored = scorer.score_many(texts, entry.item_id)
    found = Scorings(
        teacher=_teacher_scores(made),
        student=np.array([place[score.predicted] for score in scored], dtype=np.int64),
        baseline=_decided(made.distilled.baseline, texts),
    )
    sizes = _sizes(made, entry, manifest, bundle)
    return lines(split.item, split.train, split.test, found, sizes), sizes


def _decided(student: Student, texts: Sequence[str]) -> Scores:
    return decided(student.probabilities(texts), student.scale, student.decision)


def _teacher_scores(made: Made) -> Scores:
    """The teacher's classes, by the decision that its validation rows favour."""
    scale, validation = made.split.item.scale, made.split.validation
    rule = choose_decision(
        _stacked(made.labels, scale, validation), human_scores(validation), scale
    )
    return decided(_stacked(made.test_labels, scale, made.split.test), scale, rule)


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
    )
