"""The usual names of columns and the letters of languages, as `app/usual_names.mjs` takes them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kd_edge_runtime.tables.reading.letters import NAMES, WESTERN
from kd_edge_runtime.tables.roles import ROLES
from kd_edge_runtime.tables.titles import FORM_NAMES


def usual_names() -> dict[str, Any]:
    """The lists by which `kd-edge score` knows columns and encodings, for JSON."""
    return {
        "roles": [{"name": role.name, "tiers": list(role.tiers)} for role in ROLES],
        "forms": sorted(FORM_NAMES),
        "western": [asdict(language) for language in WESTERN],
        "people": asdict(NAMES),
    }
