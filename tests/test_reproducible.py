"""Equal sources give equal bytes: wheels, kits and bundles."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from kd_edge.bundling.bundle import ExportItem, export
from kd_edge_runtime._version import __version__
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
# What a wheel of the workshop is built from.
SOURCES = ("kd_edge", "export", "runtime", "pyproject.toml", "README.md", "LICENSE")


def _built(source, output, umask):
    """A wheel built by a user with another umask, at another time, in another place."""
    for path in source.rglob("*"):
        if path.is_file():
            os.utime(path, (umask * 10_000_000, umask * 10_000_000))
            path.chmod(0o666 & ~umask)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", output]
    subprocess.run(
        [*command, source], check=True, capture_output=True, preexec_fn=lambda: os.umask(umask)
    )
    [wheel] = output.glob("*.whl")
    return wheel


def _copied(folder, names):
    left_out = shutil.ignore_patterns("__pycache__", "*.so", "build", "dist", "node_modules")
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=left_out)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def _bill(wheel):
    """A wheel's bill of materials, after it has been checked that it is one."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [one for one in archive.namelist() if "/sboms/" in one]
        text = archive.read(name).decode()
    assert not JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return json.loads(text)


@pytest.mark.slow
def test_the_runtime_s_wheel(wheel, tmp_path):
    other = _built(_copied(tmp_path / "a", ["runtime"]) / "runtime", tmp_path / "out", 0o077)
    assert other.read_bytes() == wheel.read_bytes()
    bill = _bill(wheel)
    ours = bill["metadata"]["component"]
    assert (ours["name"], ours["version"]) == ("kd-edge-runtime", __version__)
    scopes = {part["name"]: part["scope"] for part in bill["components"]}
    assert [name for name, scope in scopes.items() if scope == "required"] == ["click"]
    assert scopes["numpy"] == "optional"


@pytest.mark.slow
def test_the_workshop_s_wheel(tmp_path):
    made = [
        _built(_copied(tmp_path / name, SOURCES), tmp_path / f"{name}-out", umask)
        for name, umask in (("a", 0o022), ("b c", 0o077))
    ]
    assert made[0].read_bytes() == made[1].read_bytes()
    named = {part["name"]: part for part in _bill(made[0])["components"]}
    assert {"click", "kd-edge-runtime", "torch", "onnxruntime"} <= set(named)


@pytest.mark.slow
def test_a_kit():
    program = (
        "from kd_edge.flash.kit.build import make_kit; "
        "from kd_edge.flash.kit.platforms import PLATFORMS; import hashlib; "
        "print(hashlib.sha256(make_kit(PLATFORMS['pi-64'], '3.11').zipped).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            preexec_fn=lambda umask=umask: os.umask(umask),
        ).stdout
        for seed, zone, umask in (("1", "UTC", 0o022), ("2", "Asia/Tokyo", 0o077))
    }
    assert len(said) == 1


@pytest.mark.parametrize("kind", ["bag", "rnn", "transformer"])
def test_a_bundle(kind, small_students, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = []
    for name in ("a", "b"):
        made.append(tmp_path / f"{name}.kdz")
        export([ExportItem(small_students[kind], ("Why does ice melt?",))], made[-1], {})
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in made}
    assert len(hashes) == 1
    with Bundle(made[0]) as bundle:
        assert bundle.manifest.created == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize("given", ["yesterday", "1e9", "9" * 30])
def test_a_date_that_is_none(given, small_students, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
    with pytest.raises(InputError, match="a number of seconds since 1970"):
        export([ExportItem(small_students["bag"])], tmp_path / "a.kdz", {})
    assert not [*tmp_path.iterdir()]
