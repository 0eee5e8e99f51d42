"""Writes a wheel's bill of materials (CycloneDX) when it is built: `.dist-info/sboms/` (PEP 770).

A wheel of ours holds nothing of others, so the bill names the wheel and what it asks for. It has no
date, so that the same sources give the same bytes.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.requirements import Requirement


class SbomHook(BuildHookInterface):
    """Adds the bill to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Called before the wheel is packed."""
        core = self.metadata.core
        required = [*core.dependencies]
        optional = [one for extra in core.optional_dependencies.values() for one in extra]
        self._folder = Path(tempfile.mkdtemp())
        file = self._folder / f"{core.name}.cdx.json"
        bill = _bill(core.name, self.metadata.version, core.license_expression, required, optional)
        file.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
        build_data["sbom_files"].append(str(file))

    def finalize(self, *_: object) -> None:
        """Called after it."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _bill(
    name: str, version: str, licence: str, required: list[str], optional: list[str]
) -> dict[str, Any]:
    ours = f"pkg:pypi/{name}@{version}"
    asked: dict[str, dict[str, Any]] = {}
    for scope, lines in (("required", required), ("optional", optional)):
        for line in lines:
            project = Requirement(line).name
            purl = f"pkg:pypi/{project.lower().replace('_', '-')}"
            asked.setdefault(
                purl,
                {
                    "type": "library",
                    "bom-ref": purl,
                    "name": project,
                    "scope": scope,
                    "purl": purl,
                    "properties": [],
                },
            )
            asked[purl]["properties"].append({"name": "kd-edge:requirement", "value": line})
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": ours,
                "name": name,
                "version": version,
                "licenses": [{"expression": licence}],
                "purl": ours,
            }
        },
        "components": [*asked.values()],
        "dependencies": [{"ref": ours, "dependsOn": [*asked]}],
    }
