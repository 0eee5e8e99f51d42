"""How the students of a run's bundle were made and measured, as the bundle has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kd_edge.data.splits import Split
from kd_edge.runs.options import RunOptions


def bundle_provenance(
    options: RunOptions, rows: Mapping[str, str], teachers: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The provenance of a bundle, JSON types.

    Args:
        options: of the run.
        rows: the hash of each item's rows, by item.
        teachers: the hash of each of its teachers, by item.
    """
    return {"options": options.as_json(), "rows": dict(rows), "teachers": dict(teachers)}


def measured_on(split: Split) -> str:
    """The responses that an item's figures were measured on, in words."""
    return f"{len(split.test)} responses it was not trained on ({split.how})"
