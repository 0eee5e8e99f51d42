"""What a run left in its folder, read for a report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import BASELINE, MAJORITY
from kd_edge.evaluation.review import Review
from kd_edge.report.figures.items import Baseline, ItemFigures, Together, item_figures, together
from kd_edge.runs.folder import BUNDLE, REPORT, item_folder
from kd_edge.runs.test_scores import AGAIN, FILE, Scored, read_scored
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.errors import InputError


@dataclass(frozen=True)
class Collected:
    """All that a report tells of.

    Attributes:
        items: the figures of each item.
        scored: what they were made from, item by item.
        scales: the items' classes, likewise.
        together: people and scorers over all items; none where there is one item.
        created_by: version by package, of what made the bundle.
    """

    items: tuple[ItemFigures, ...]
    scored: tuple[Scored, ...]
    scales: tuple[Scale, ...]
    together: tuple[Together, ...]
    created_by: Mapping[str, str]


def collect(out: Path) -> Collected:
    """Read a run's folder and work out the figures.

    The classes of each item are those of the bundle's manifest, whatever scores the test
    responses have.

    Args:
        out: the folder that `kd-edge run` made.

    Raises:
        InputError: it is none, the run has not come to its end, or it is from a version that
            did not keep what a report is made from.
        BundleError: its bundle is damaged.
    """
    reports = _reports(out / REPORT)
    manifest = bundle_manifest(out / BUNDLE)
    items, scored, scales = [], [], []
    for entry in manifest.items:
        if entry.item_id not in reports:
            raise InputError(
                f"'{out / REPORT}' says nothing of item '{entry.item_id}', which "
                f"'{BUNDLE}' holds: {AGAIN}."
            )
        scale = Scale.from_classes(entry.classes)
        found = read_scored(item_folder(out, entry.item_id) / FILE, entry.classes)
        items.append(item_figures(entry.item_id, scale, found, **reports[entry.item_id]))
        scored.append(found)
        scales.append(scale)
    return Collected(
        items=tuple(items),
        scored=tuple(scored),
        scales=tuple(scales),
        together=together(items, scored) if len(items) > 1 else (),
        created_by=dict(manifest.created_by),
    )


def bundle_manifest(bundle: Path) -> Manifest:
    """The manifest of a run's bundle.

    Raises:
        InputError: there is none.
        BundleError: it is damaged.
    """
    with Bundle(bundle) as opened:
        return opened.manifest


def _reports(path: Path) -> dict[str, dict[str, Any]]:
    """What the run's own report tells of each item, as arguments of `item_figures`."""
    try:
        items = json.loads(path.read_text(encoding="utf-8"))["items"]
        return {item["item_id"]: _told(item) for item in items}
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            f"'{path.parent}' is no folder of a run that came to its end: there is no "
            f"'{path.name}'. Name the folder that 'kd-edge run' was given by -o, or start the "
            "same run again."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"'{path}' is damaged: {AGAIN}.") from None


def _told(item: Mapping[str, Any]) -> dict[str, Any]:
    lines = {line["name"]: line["agreement"] for line in item["lines"]}
    review = item.get("review")
    return {
        "test_rows": str(item["test_rows"]),
        "review": str(Review(**review)) if review else "",
        "baselines": {
            name: Baseline(*(lines[name][figure] for figure in ("accuracy", "adjacent", "qwk")))
            for name in (BASELINE, MAJORITY)
            if name in lines
        },
    }
