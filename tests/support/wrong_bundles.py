"""Bundles whose hashes are right and whose content is not, and manifests that are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kd_edge_export.bundle import ItemParts
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.errors import BundleError


def with_golden(parts: ItemParts, change: Callable[[dict[str, Any]], None]) -> ItemParts:
    """The item with changed golden rows."""
    content = json.loads(parts.golden)
    change(content)
    return replace(parts, golden=json.dumps(content).encode())


def with_wrong_rows(parts: ItemParts, form: str, rows: tuple[int, ...]) -> ItemParts:
    """The item with golden rows of a form, counted from 1, that its student does not give.

    The lowest two classes of each have changed places.
    """

    def change(content: dict[str, Any]) -> None:
        for row in rows:
            shares = content["outputs"][form][row - 1]
            shares[:2] = shares[1::-1]

    return with_golden(parts, change)


def with_form(parts: ItemParts, form: str, data: bytes) -> ItemParts:
    """The item with another network in a form of it."""
    return replace(parts, forms={**parts.forms, form: (parts.forms[form][0], data)})


def refused(raw: Any, why: str) -> None:
    """Tries whether a manifest, as JSON types, is refused with words that match `why`."""
    with pytest.raises(BundleError, match=why):
        Manifest.from_json(json.dumps(raw))
