"""Reads the folder of a run with one student for all questions, and computes its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kd_edge.data.responses import Scale
from kd_edge.distillation.choice import choice_of
from kd_edge.evaluation.agreement import BASELINE, MAJORITY
from kd_edge.evaluation.review import Review
from kd_edge.files import read_json
from kd_edge.report.figures.facts import BundleFacts, RowFacts, bundle_facts, row_facts
from kd_edge.report.figures.items import Baseline, ItemFigures, item_figures
from kd_edge.runs.cross_item.agreement import ALL, LEXICAL, ClassAgreement, Part
from kd_edge.runs.cross_item.pool import POOLED
from kd_edge.runs.finished import refuse_unfinished
from kd_edge.runs.folder import BUNDLE, TOGETHER
from kd_edge.runs.test_scores import AGAIN, FILE, ScoredRows, read_scored
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError


@dataclass(frozen=True)
class Questions:
    """The figures of a run with one student for all questions.

    Attributes:
        pooled: the figures over all test responses, as if they were of one item.
        parts: every scorer over all test responses, and over those to training questions and
            to new questions, where there are both.
        questions: every scorer over each question that has test responses.
        unseen: the new questions, which the student was not trained on.
        scored: the test responses that `pooled` was computed from.
        scale: the classes.
        facts: what the models learnt from.
        bundle: the bundle that was measured.
    """

    pooled: ItemFigures
    parts: tuple[Part, ...]
    questions: tuple[Part, ...]
    unseen: frozenset[str]
    scored: ScoredRows
    scale: Scale
    facts: RowFacts
    bundle: BundleFacts

    def as_json(self) -> dict[str, Any]:
        """All figures, as dictionaries, lists, tuples and numbers; no student's words."""
        return {
            "pooled": asdict(self.pooled),
            "parts": [asdict(part) for part in self.parts],
            "questions": [asdict(question) for question in self.questions],
            "unseen": sorted(self.unseen),
        }


def collect_questions(out: Path) -> Questions:
    """Read the folder that `kd-edge run --together` wrote, and compute the figures.

    Raises:
        InputError: a file is damaged, or from a version that did not keep the test scores.
        BundleError: its bundle is damaged.
    """
    path = out / TOGETHER
    with Bundle(out / BUNDLE) as bundle:
        manifest = bundle.manifest
    refuse_unfinished(out, out)
    try:
        raw = read_json(path)
        parts, questions = (tuple(map(_part, raw[name])) for name in ("parts", "questions"))
        unseen = frozenset(map(str, raw["unseen"]))
        facts = row_facts(raw, raw["options"])
        everything = next(part for part in parts if part.name == ALL)
        arguments: dict[str, Any] = {
            "test_rows": str(raw["test_rows"]),
            "review": str(Review(**raw["review"])) if raw["review"] else "",
            "choice": " ".join(filter(None, (str(choice_of(raw) or ""), _second(raw)))),
            "baselines": {
                name: Baseline(everything.scorers[name].accuracy, None, None)
                for name in (BASELINE, LEXICAL, MAJORITY)
            },
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        raise InputError(
            f"'{path}' is damaged, or from an older version of kd-edge: {AGAIN}."
        ) from None
    entry = manifest.items[0]
    scale = Scale.from_worth(entry.classes, entry.worth)
    scored = read_scored(out / FILE, entry.classes, questions=True)
    return Questions(
        pooled=item_figures(POOLED, scale, scored, **arguments),
        parts=parts,
        questions=questions,
        unseen=unseen,
        scored=scored,
        scale=scale,
        facts=facts,
        bundle=bundle_facts(out / BUNDLE, manifest),
    )


def _second(raw: Mapping[str, Any]) -> str:
    """What is said of the second of two students; "" where there is one alone."""
    return str(raw["second"]["why"]) if "second" in raw else ""


def _part(raw: Mapping[str, Any]) -> Part:
    scorers = {name: ClassAgreement(**figures) for name, figures in raw["scorers"].items()}
    return Part(str(raw["name"]), scorers)
