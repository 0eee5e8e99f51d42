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


def pooled_provenance(options: RunOptions, rows: str, teachers: Sequence[str]) -> dict[str, Any]:
    """The provenance of the bundle of one student for all items, JSON types.

    Args:
        options: of the run.
        rows: the hash of all items' rows.
        teachers: the hash of each teacher. One alone is called "teacher", as before there could
            be several.
    """
    one = len(teachers) == 1
    taught = {"teacher": teachers[0]} if one else {"teachers": [*teachers]}
    return {"options": options.as_json(), "rows": rows, **taught}


def measured_on(split: Split) -> str:
    """The responses that an item's figures were measured on, in words."""
    return f"{len(split.test)} responses it was not trained on ({split.how})"
