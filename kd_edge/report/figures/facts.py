"""Where a report's figures come from: the bundle, the item's texts, and how many responses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kd_edge_runtime.bundle.manifest import Manifest


@dataclass(frozen=True)
class BundleFacts:
    """The bundle that was measured.

    Attributes:
        created: when it was written, as its manifest has it: "2026-11-29T09:23:15+00:00".
        sha256: SHA-256 of the file, 64 hexadecimal digits.
        bytes: its size.
        created_by: version by package, of the software that wrote it.
    """

    created: str
    sha256: str
    bytes: int
    created_by: Mapping[str, str]


@dataclass(frozen=True)
class RowFacts:
    """What a small model learnt from and was measured with.

    Attributes:
        learnt_from: number of scored responses that the models were trained on.
        held_out: number of others, for choices: calibration, and what to flag.
        texts: the item's text, then its rubric and so on; empty where the run did not keep them.
        teachers: number of large models, whose mean the small one learnt from.
    """

    learnt_from: int
    held_out: int
    texts: tuple[str, ...]
    teachers: int = 1


def bundle_facts(path: Path, manifest: Manifest) -> BundleFacts:
    """What there is to say of a bundle's file whose manifest has been read."""
    content = path.read_bytes()
    return BundleFacts(
        created=manifest.created,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        created_by=dict(manifest.created_by),
    )


def row_facts(report: Mapping[str, Any], options: Mapping[str, Any]) -> RowFacts:
    """From the report of a run, or of an item in it, and the run's options there.

    Raises:
        KeyError, TypeError, ValueError: the report is damaged.
    """
    rows = report["rows"]
    texts = tuple(map(str, report.get("texts") or ()))
    teachers = int(options.get("teachers", 1))
    return RowFacts(int(rows["train"]), int(rows["validation"]), texts, teachers)
