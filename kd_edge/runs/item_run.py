"""An item whose stages have been run: measures its scorers and reports on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from kd_edge.bundling.bundle import Prepared, parities
from kd_edge.bundling.model_card import CardFigures
from kd_edge.bundling.parity import FormParity
from kd_edge.data.splits import Split
from kd_edge.distillation.cascade import Figures
from kd_edge.distillation.choice import Choice, choice_of
from kd_edge.evaluation.agreement import (
    BASELINE,
    FIRST,
    SECOND,
    STUDENT,
    TEACHER,
    Line,
    Sizes,
    lines,
)
from kd_edge.evaluation.review import Review, review_of
from kd_edge.runs.outputs import StageOutputs
from kd_edge.runs.provenance import measured_on
from kd_edge.runs.test_scores import FILE as TEST_SCORES
from kd_edge.runs.test_scores import scored_rows, student_scorings, write_scored
from kd_edge.runs.two_students import (
    Size,
    each_alone,
    size_of,
    sizes_by_name,
    together_in_pytorch,
)
from kd_edge.size_search.shown import SizeChoice
from kd_edge.training.doubts import Doubt
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.scorer import Scorer


@dataclass(frozen=True)
class ItemReport:
    """The report of one item.

    Attributes:
        item_id: the item.
        rows: number of rows to train on, held out for choices, and measured on.
        test_rows: where the test rows come from, in words.
        lines: the figures, a line for each scorer.
        sizes: the sizes of teacher and student.
        parity: each form of the bundle compared with PyTorch.
        ran: the stages that were run; the others were kept from before.
        review: which of the student's scores are flagged for a person.
        choice: what the student learnt from, and why.
        cascade: of two students, when the second is asked, and what both do together.
        texts: the item's text, rubric and so on, as they were given; for `kd-edge report`.
        size: of a run with limits, what was chosen within them, and why.
    """

    item_id: str
    rows: Mapping[str, int]
    test_rows: str
    lines: tuple[Line, ...]
    sizes: Sizes
    parity: tuple[FormParity, ...]
    ran: tuple[str, ...]
    review: Review | None = None
    choice: Choice | None = None
    cascade: Figures | None = None
    texts: tuple[str, ...] = ()
    size: SizeChoice | None = None

    def as_json(self) -> dict[str, Any]:
        """As JSON types; "cascade", "texts" and "size" only where there is something to say."""
        content = asdict(self)
        for name in ("cascade", "texts", "size"):
            if not content[name]:
                del content[name]
        return content


@dataclass(frozen=True)
class ItemRun:
    """An item whose stages have been run.

    Attributes:
        split: its rows.
        outputs: the outputs of its stages.
        prepared: its student's forms, checked against PyTorch.
        texts: the item's text, rubric and so on.
        doubts: what was doubtful before the training.
    """

    split: Split
    outputs: StageOutputs
    prepared: Prepared
    texts: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def item_id(self) -> str:
        """The item's id."""
        return self.split.item.item_id

    def in_bundle_of(self, items: int) -> ItemRun:
        """The same as one of so many items of a bundle."""
        size = self.outputs.size
        if size is None:
            return self
        return replace(self, outputs=replace(self.outputs, size=size.in_bundle_of(items)))

    def measure(self, scorer: Scorer) -> tuple[Line, ...]:
        """Compute every scorer's figures on the test rows, the student's in a bundle by its scorer.

        The scores of each row are written into the item's folder, for `kd-edge report`.
        """
        split = self.split
        texts = [row.text for row in split.test]
        distilled, cascade = self.outputs.distilled, self.prepared.cascade
        both = None
        if distilled.second and cascade:
            both = together_in_pytorch(distilled.student, distilled.second, cascade, texts)
        scores = scorer.score_many(texts, self.item_id)
        scored = scored_rows(split, self.outputs, scores, student=both)
        write_scored(self.outputs.folder / TEST_SCORES, scored, split.item.scale.classes)
        scorings = {
            TEACHER: scored.teacher.predicted,
            STUDENT: scored.bundle.predicted,
            BASELINE: student_scorings(distilled.baseline, texts).predicted,
            **each_alone(scorer, distilled.student, texts),
        }
        manifest = scorer.bundle.manifest
        figures = lines(split.item, split.train, split.test, scorings, self.sizes(manifest))
        sizes: dict[str, Size | None] = {**sizes_by_name(manifest.item(self.item_id), manifest)}
        if sizes:
            sizes[BASELINE] = sizes[FIRST]  # a copy of the first
        if distilled.baseline.kind != distilled.student.kind:
            # No copy of the student: it has another size, which nobody asks for.
            sizes[BASELINE] = None
        return tuple(
            _sized(line, sizes[line.name]) if line.name in sizes else line for line in figures
        )

    def sizes(self, manifest: Manifest, bundle_bytes: int = 0) -> Sizes:
        """Parameters and bytes of teachers and student.

        Args:
            manifest: the manifest of a bundle that holds the item.
            bundle_bytes: the size of that bundle.
        """
        teacher_parameters, teacher_bytes = self.outputs.teacher_size()
        entry = manifest.item(self.item_id)
        both = sizes_by_name(entry, manifest)
        student = both[FIRST] + both[SECOND] if both else size_of(entry, manifest)
        return Sizes(
            teacher_parameters=teacher_parameters,
            teacher_bytes=teacher_bytes,
            student_parameters=student.parameters,
            plain_bytes=student.bytes,
            bundle_bytes=bundle_bytes,
        )

    def card_figures(self, figures: tuple[Line, ...]) -> CardFigures:
        """The figures of `measure` for the model card."""
        return CardFigures(
            measured_on(self.split),
            figures,
            str(self.outputs.size or ""),
            len(self.outputs.teachers),
        )

    def report(self, figures: tuple[Line, ...], sizes: Sizes) -> ItemReport:
        """The report of the item with the figures of `measure`."""
        split, student, cascade = self.split, self.outputs.distilled.student, self.prepared.cascade
        return ItemReport(
            item_id=self.item_id,
            rows=split.counts,
            test_rows=split.how,
            lines=figures,
            sizes=sizes,
            parity=tuple(form for _, forms in parities(self.prepared) for form in forms),
            ran=self.outputs.ran,
            review=cascade.review if cascade else review_of(student.provenance),
            choice=choice_of(student.provenance),
            cascade=cascade.figures if cascade else None,
            texts=self.texts,
            size=self.outputs.size,
        )


def _sized(line: Line, size: Size | None) -> Line:
    if size is None:
        return replace(line, parameters=None, bytes=None)
    return replace(line, parameters=size.parameters, bytes=size.bytes)
