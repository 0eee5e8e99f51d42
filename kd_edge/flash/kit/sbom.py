"""The kit's bill of materials: what is in it, of which version, by which hash, under which licence.

CycloneDX 1.6 as JSON, written by hand: it is a list of a few files. It has no date, and its serial
number comes from its content, so that the same kit has the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from email.parser import Parser
from typing import Any

from kd_edge_runtime._version import __version__

SBOM = "sbom.cdx.json"
"""The name of the bill in a kit."""

_KIT = "kd-edge-kit"


def bill_of_materials(files: Mapping[str, bytes], platform: str) -> bytes:
    """The bill of a kit.

    Args:
        files: the kit's wheels and programs by name.
        platform: the kind of device.
    """
    parts = [_wheel(name, data) for name, data in files.items() if name.endswith(".whl")]
    parts += [_program(name, data) for name, data in files.items() if name.endswith(".pyz")]
    kit: dict[str, Any] = {
        "type": "application",
        "bom-ref": _KIT,
        "name": _KIT,
        "version": __version__,
        "licenses": [{"expression": "Apache-2.0"}],
        "properties": [{"name": "kd-edge:platform", "value": platform}],
    }
    content: dict[str, Any] = {
        "metadata": {"component": kit},
        "components": parts,
        "dependencies": [{"ref": _KIT, "dependsOn": [part["bom-ref"] for part in parts]}],
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        **content,
    }
    return json.dumps(bill, indent=1).encode("ascii") + b"\n"


def _wheel(name: str, data: bytes) -> dict[str, Any]:
    project, version = name.split("-")[:2]
    about = Parser().parsestr(_metadata(data))
    project = (about["Name"] or project).lower().replace("_", "-")
    return {
        "type": "library",
        "bom-ref": name,
        "name": project,
        "version": version,
        "hashes": _hashes(data),
        "licenses": _licences(about["License-Expression"], about["License"], about),
        "purl": f"pkg:pypi/{project}@{version}?file_name={name}",
    }


def _metadata(data: bytes) -> str:
    """What a wheel says of itself; "" where it says nothing, or is no wheel."""
    with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.endswith(".dist-info/METADATA"):
                return archive.read(name).decode("utf-8", "replace")
    return ""


def _program(name: str, data: bytes) -> dict[str, Any]:
    return {
        "type": "application",
        "bom-ref": name,
        "name": name,
        "version": __version__,
        "hashes": _hashes(data),
        "licenses": [{"expression": "Apache-2.0"}],
    }


def _hashes(data: bytes) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}]


def _licences(expression: str | None, name: str | None, about: Any) -> list[dict[str, Any]]:
    """A licence as its package states it: an SPDX expression, else a name; none if it says none."""
    if expression:
        return [{"expression": expression}]
    first = (name or "").strip().partition("\n")[0]
    if first:
        return [{"license": {"name": first}}]
    names = about.get_all("Classifier") or []
    stated = [one.rpartition(" :: ")[2] for one in names if one.startswith("License ::")]
    return [{"license": {"name": one}} for one in stated]
