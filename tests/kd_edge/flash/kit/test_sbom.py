from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from kd_edge.flash.device.disk import SUMS, read_sums
from kd_edge.flash.kit.build import make_kit
from kd_edge.flash.kit.platforms import PLATFORMS
from kd_edge.flash.kit.sbom import SBOM, bill_of_materials
from kd_edge_runtime._version import __version__


def wheel(name, metadata):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{name}.dist-info/METADATA", metadata)
    return packed.getvalue()


def test_the_schema_can_say_no():
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str('{"bomFormat": "other"}')


def test_a_kit_says_what_is_in_it():
    core = {
        f"kd_edge_core-{__version__}-cp39-abi3-linux_armv6l.whl": wheel(
            f"kd_edge_core-{__version__}", "Name: kd-edge-core\nLicense: Apache-2.0\n\ntext\n"
        )
    }
    made = make_kit(PLATFORMS["pi-32"], "3.11", core=core)
    text = made.files[SBOM].decode("ascii")
    assert not JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert read_sums(made.files[SUMS])[SBOM] == hashlib.sha256(made.files[SBOM]).hexdigest()
    bill = json.loads(text)
    parts = {part["bom-ref"]: part for part in bill["components"]}
    programs = {name for name in made.files if name.endswith((".whl", ".pyz"))}
    assert set(parts) == programs
    for name, part in parts.items():
        [digest] = part["hashes"]
        assert digest["content"] == hashlib.sha256(made.files[name]).hexdigest()
    stated = {part["name"]: part["licenses"] for part in parts.values()}
    assert stated["click"] == [{"expression": "BSD-3-Clause"}]
    assert stated["kd-edge-runtime"] == [{"expression": "Apache-2.0"}]
    assert stated["kd-edge-core"] == [{"license": {"name": "Apache-2.0"}}]
    assert bill["metadata"]["component"]["version"] == __version__
    assert bill["dependencies"][0]["dependsOn"] == [*parts]


def test_a_wheel_that_says_nothing_is_listed_all_the_same():
    files = {"a-1-py3-none-any.whl": b"no zip", "b-1-py3-none-any.whl": wheel("other", "")}
    text = bill_of_materials(files, "pi-64").decode()
    assert not JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert [part["licenses"] for part in json.loads(text)["components"]] == [[], []]


@pytest.mark.parametrize(
    ("metadata", "licences"),
    [
        ("License-Expression: BSD-3-Clause AND MIT\n", [{"expression": "BSD-3-Clause AND MIT"}]),
        ("License: Apache 2.0\n", [{"license": {"name": "Apache 2.0"}}]),
        ("License: MIT\n        and more lines\n", [{"license": {"name": "MIT"}}]),
        (
            "Classifier: Topic :: Education\nClassifier: License :: OSI Approved :: BSD License\n",
            [{"license": {"name": "BSD License"}}],
        ),
        ("", []),
    ],
)
def test_licences_are_those_that_packages_state(metadata, licences):
    files = {"a_b-1.0-py3-none-any.whl": wheel("a_b-1.0", f"Name: a-b\n{metadata}\ntext\n")}
    text = bill_of_materials(files, "pi-64").decode()
    assert not JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    [part] = json.loads(text)["components"]
    assert part["licenses"] == licences
    assert part["purl"] == "pkg:pypi/a-b@1.0?file_name=a_b-1.0-py3-none-any.whl"
