"""Bundles of the conformance corpus's students, whose golden inputs are the corpus's texts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from kd_edge_export.bundle import student_of_entry, write_bundle
from kd_edge_export.golden import golden_json

CORPUS = Path(__file__).resolve().parents[1] / "conformance"
sys.path.append(str(CORPUS))
import make_scores  # noqa: E402 - found by the line above


def write(path: Path, names: Sequence[str]) -> None:
    """Writes a bundle of students, each named after its file without `.jsonl`."""
    items = []
    for name in names:
        item, rows = make_scores.read(CORPUS / f"{name}.jsonl")
        entry = item.entry
        texts = [row["text"] for row in rows]
        probabilities = [row["probabilities"] for row in rows]
        items.append(
            student_of_entry(
                entry,
                name,
                ("vocabulary.bin", item.bundle.read("vectorizer")),
                {"plain-int8": ("network.bin", item.bundle.read("network"))},
                golden_json(texts, {"plain-int8": probabilities}),
            )
        )
    write_bundle(path, items, "# Of the corpus\n", "2026-01-01T00:00:00Z", {}, {})
