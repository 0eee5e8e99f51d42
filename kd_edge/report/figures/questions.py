"""What a run of one student for all questions left in its folder, read for a report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import BASELINE, MAJORITY
from kd_edge.evaluation.review import Review
from kd_edge.report.figures.collect import bundle_manifest
from kd_edge.report.figures.items import Baseline, ItemFigures, item_figures
from kd_edge.runs.cross_item.agreement import ALL, LEXICAL, Figures, Part
from kd_edge.runs.folder import BUNDLE, TOGETHER
from kd_edge.runs.test_scores import AGAIN, FILE, Scored, read_scored
from kd_edge_runtime.errors import InputError

POOLED = "all questions"


@dataclass(frozen=True)
class Questions:
    """All that a report tells of many questions.

    Attributes:
        pooled: the figures over all test responses, as those of one item.
        parts: every scorer over all of them, and over those to questions that were learnt from
            and to others, where there are both.
        questions: every scorer over each question that has test responses.
        unseen: those of them that the student did not learn from.
        scored: what `pooled` was made from.
        scale: the classes.
        created_by: version by package, of what made the bundle.
    """

    pooled: ItemFigures
    parts: tuple[Part, ...]
    questions: tuple[Part, ...]
    unseen: frozenset[str]
    scored: Scored
    scale: Scale
    created_by: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """All figures, JSON types but for those of `pooled`; no student's words."""
        return {
            "pooled": asdict(self.pooled),
            "parts": [asdict(one) for one in self.parts],
            "questions": [asdict(one) for one in self.questions],
            "unseen": sorted(self.unseen),
        }


def collect_questions(out: Path) -> Questions:
    """Read the folder and work out the figures.

    Args:
        out: the folder that `kd-edge run --together` made.

    Raises:
        InputError: what the run left is damaged, or from a version that did not keep what a
            report is made from.
        BundleError: its bundle is damaged.
    """
    path = out / TOGETHER
    manifest = bundle_manifest(out / BUNDLE)
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        parts, questions = (tuple(map(_part, raw[name])) for name in ("parts", "questions"))
        unseen = frozenset(map(str, raw["unseen"]))
        told = {
            "test_rows": str(raw["test_rows"]),
            "review": str(Review(**raw["review"])) if raw["review"] else "",
            "baselines": _baselines(next(one for one in parts if one.name == ALL)),
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        raise InputError(
            f"'{path}' is damaged, or from an older version of kd-edge: {AGAIN}."
        ) from None
    classes = manifest.items[0].classes
    scale, scored = Scale.from_classes(classes), read_scored(out / FILE, classes, questions=True)
    return Questions(
        pooled=item_figures(POOLED, scale, scored, **told),
        parts=parts,
        questions=questions,
        unseen=unseen,
        scored=scored,
        scale=scale,
        created_by=dict(manifest.created_by),
    )


def _part(raw: Mapping[str, Any]) -> Part:
    scorers = {who: Figures(**found) for who, found in raw["scorers"].items()}
    return Part(str(raw["name"]), scorers)


def _baselines(part: Part) -> dict[str, Baseline]:
    return {
        name: Baseline(part.scorers[name].accuracy, None, None)
        for name in (BASELINE, LEXICAL, MAJORITY)
    }
