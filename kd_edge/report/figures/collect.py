"""Reads the folder of a run and computes the figures of its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kd_edge.data.responses import Item, Scale
from kd_edge.distillation.cascade import Figures
from kd_edge.distillation.choice import choice_of
from kd_edge.evaluation.agreement import BASELINE, FIRST, MAJORITY, SECOND
from kd_edge.evaluation.review import Review
from kd_edge.evaluation.sums import SumAgreement
from kd_edge.files import read_json
from kd_edge.report.figures.facts import BundleFacts, RowFacts, bundle_facts, row_facts
from kd_edge.report.figures.items import Baseline, ItemFigures, item_figures
from kd_edge.runs.finished import refuse_unfinished
from kd_edge.runs.folder import BUNDLE, REPORT, item_folder
from kd_edge.runs.sums import sums_of
from kd_edge.runs.test_scores import AGAIN, FILE, ScoredRows, read_scored
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.errors import InputError


@dataclass(frozen=True)
class Collected:
    """The figures of a run with one student for each item.

    Attributes:
        items: the figures of each item.
        scored: the test responses that these were computed from, for each item.
        scales: the classes of each item.
        facts: what each item's models learnt from.
        bundle: the bundle that was measured.
        sums: the figures of the sums of items whose scores add up.
    """

    items: tuple[ItemFigures, ...]
    scored: tuple[ScoredRows, ...]
    scales: tuple[Scale, ...]
    facts: tuple[RowFacts, ...]
    bundle: BundleFacts
    sums: tuple[SumAgreement, ...] = ()


def collect(out: Path) -> Collected:
    """Read the folder that `kd-edge run` wrote, and compute the figures.

    The classes of each item are those of the bundle's manifest.

    Raises:
        InputError: it is not such a folder, the run is not finished, or it is from a version
            that did not keep the test scores.
        BundleError: its bundle is damaged.
    """
    reports = _reports(out / REPORT)
    with Bundle(out / BUNDLE) as bundle:
        manifest = bundle.manifest
    items, scored, scales, facts = [], [], [], []
    for entry in manifest.items:
        if entry.item_id not in reports:
            raise InputError(
                f"'{out / REPORT}' has no figures of item '{entry.item_id}', which is in "
                f"'{BUNDLE}': {AGAIN}."
            )
        scale = Scale.from_worth(entry.classes, entry.worth)
        folder = item_folder(out, entry.item_id)
        refuse_unfinished(out, folder)
        responses = read_scored(folder / FILE, entry.classes)
        arguments, learnt = reports[entry.item_id]
        items.append(item_figures(entry.item_id, scale, responses, **arguments))
        facts.append(learnt)
        scored.append(responses)
        scales.append(scale)
    return Collected(
        items=tuple(items),
        scored=tuple(scored),
        scales=tuple(scales),
        facts=tuple(facts),
        bundle=bundle_facts(out / BUNDLE, manifest),
        sums=_sums(manifest.items, scales, scored),
    )


def _sums(
    entries: Sequence[ItemEntry], scales: Sequence[Scale], scored: Sequence[ScoredRows]
) -> tuple[SumAgreement, ...]:
    items = [
        Item(entry.item_id, scale, (), part_of=entry.part_of or None)
        for entry, scale in zip(entries, scales, strict=True)
    ]
    return sums_of([*zip(items, scored, strict=True)])


def _reports(path: Path) -> dict[str, tuple[dict[str, Any], RowFacts]]:
    """Arguments of `item_figures` and facts for each item, from the run's own report."""
    try:
        report = read_json(path)
        return {
            item["item_id"]: (_arguments(item), row_facts(item, report["options"]))
            for item in report["items"]
        }
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            f"'{path.parent}' is not the folder of a finished run: it has no '{path.name}'. Name "
            "the folder that was given to 'kd-edge run' by -o, or start the same run again."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"'{path}' is damaged: {AGAIN}.") from None


def _arguments(item: Mapping[str, Any]) -> dict[str, Any]:
    lines = {line["name"]: line["agreement"] for line in item["lines"]}
    review, cascade, size = (item.get(name) for name in ("review", "cascade", "size"))
    said = (choice_of(item), Figures(**cascade) if cascade else None, size and size["why"])
    return {
        "test_rows": str(item["test_rows"]),
        "review": str(Review(**review)) if review else "",
        "choice": " ".join(str(one) for one in said if one),
        "baselines": {
            name: Baseline(*(lines[name][figure] for figure in ("accuracy", "adjacent", "qwk")))
            for name in (FIRST, SECOND, BASELINE, MAJORITY)
            if name in lines
        },
    }
