"""What a run measures of an item with two students: both together, and each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kd_edge.distillation.cascade import Cascade
from kd_edge.evaluation.agreement import FIRST, SECOND
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import Scores
from kd_edge.runs.test_scores import RowScorings, bundle_scorings
from kd_edge.students.student import Student
from kd_edge_runtime.backends import choose
from kd_edge_runtime.bundle.manifest import ItemEntry, Manifest
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students.item import LoadedItem


@dataclass(frozen=True)
class Size:
    """What a student takes.

    Attributes:
        parameters: trained numbers.
        bytes: what a device reads of it: vocabulary or tokenizer, and its smallest form.
    """

    parameters: int
    bytes: int

    def __add__(self, other: Size) -> Size:
        return Size(self.parameters + other.parameters, self.bytes + other.bytes)


def size_of(entry: ItemEntry, manifest: Manifest) -> Size:
    """The size of an item's student; of two, that of the first."""
    smallest = entry.forms.get("plain-int8") or entry.forms.get("onnx-int8")
    names = (entry.vectorizer, smallest or next(iter(entry.forms.values())))
    return Size(entry.parameters, sum(manifest.members[name].bytes for name in names))


def sizes_by_name(entry: ItemEntry, manifest: Manifest) -> dict[str, Size]:
    """The size of each of an item's two students by its name in figures; empty for one."""
    alone = of_second(entry)
    if alone is None:
        return {}
    return {FIRST: size_of(entry, manifest), SECOND: size_of(alone, manifest)}


def together_in_pytorch(
    first: Student, second: Student, cascade: Cascade, texts: Sequence[str]
) -> RowScorings:
    """What both students say of N texts together, by PyTorch."""
    shares = cascade.shares(
        first.probabilities(texts), second.probabilities(texts), first.scale, first.decision
    )
    return RowScorings(decided(shares, first.scale, first.decision), shares)


def each_alone(scorer: Scorer, first: Student, texts: Sequence[str]) -> dict[str, Scores]:
    """The classes, [N], that each student of an item gives N texts by itself, as a device does."""
    item, bundle = first.item_id, scorer.bundle
    alone = of_second(bundle.manifest.item(item))
    if alone is None:
        return {}
    scores = Scorer(bundle, first_only=True).score_many(texts, item)
    _, model = choose.load(LoadedItem(bundle, alone))
    shares = np.array(model.probabilities(texts))
    return {
        FIRST: bundle_scorings(scores, first.scale.classes).predicted,
        SECOND: decided(shares, first.scale, first.decision),
    }
