"""The core's wheels for Linux, each run on the device that it is for."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import zig
from benchmarks.emulated import Device

ROOT = Path(__file__).resolve().parents[3]
BUNDLES = sorted((ROOT / "tests" / "bundles").glob("*.kdz"))
MOST_BYTES = 60_000

# What runs a wheel, and by which of its tags pip takes it there. There is no emulated Pi Zero with
# a Python: its wheel runs on the next larger one here, and its compiler's code on an ARMv6 in
# test_export_c.py.
RUNS = {
    "linux-x86-64": ("", "manylinux2014_x86_64"),
    "linux-aarch64": ("pi-64", "manylinux2014_aarch64"),
    "linux-armv7": ("pi-32", "manylinux_2_17_armv7l"),
    "linux-armv6": ("pi-32", "linux_armv6l"),
}

# Both backends on each golden input and on odd texts: equal to the last bit, and as written.
SAME = """
import json, platform, sys
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.scorer import Scorer
rows = 0
for path in sys.argv[1:]:
    with Bundle(path) as bundle, Scorer.open(path, backend="core", first_only=True) as core, \\
            Scorer.open(path, backend="plain", first_only=True) as plain:
        for entry in bundle.manifest.items:
            if "plain-int8" not in entry.forms:
                continue
            golden = json.loads(bundle.read(entry.golden))
            inputs, outputs = golden["inputs"], golden["outputs"]["plain-int8"]
            scores = core.score_many(inputs, entry.item_id)
            assert [[round(p, 7) for p in one.probabilities] for one in scores] == outputs
            more = [*inputs, *("".join(inputs)[k::7] for k in range(7)), " ".join(inputs * 9)]
            assert core.score_many(more, entry.item_id) == plain.score_many(more, entry.item_id)
            rows += len(more)
print(platform.machine(), rows)
"""


@pytest.fixture(scope="module", params=RUNS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def built(name, tmp_path_factory):
    zig.need_zig()
    return zig.build_wheels().build(name, tmp_path_factory.mktemp("dist"))


def install(wheel, tag, folder):
    """Installs a wheel as pip does on a device whose platform has this tag."""
    command = ["install", "--quiet", "--no-index", "--no-deps", "--only-binary=:all:"]
    command += ["--no-compile", "--implementation=cp", "--python-version=3.9", f"--platform={tag}"]
    command += ["--target", folder, wheel]
    subprocess.run([sys.executable, "-m", "pip", *map(str, command)], check=True)
    return folder


@pytest.fixture(scope="module")
def run(name, built, runtime, pi, tmp_path_factory):
    """Runs a Python on the wheel's device, with the wheel installed."""
    kind, tag = RUNS[name]
    installed = install(built, tag, tmp_path_factory.mktemp("installed"))

    def run(*arguments):
        if kind:
            device: Device = pi(kind)
            path = [runtime, installed, device.packages("click")]
            done = device.run(arguments, path=path)
        else:
            start = f"import sys; sys.path[:0] = [{str(installed)!r}]; "
            first, *rest = arguments
            assert first == "-c"
            command = [sys.executable, "-c", start + rest[0], *map(str, rest[1:])]
            done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_a_device_reproduces_the_golden_rows_bit_for_bit(run, name):
    machine, rows = run("-c", SAME, *BUNDLES).split()
    assert machine == {"": "x86_64", "pi-64": "aarch64", "pi-32": "armv7l"}[RUNS[name][0]]
    assert int(rows) > 60


def test_the_core_is_what_a_device_chooses_by_itself(run, tmp_path):
    table = tmp_path / "responses.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["item", "text"], ["stove", "the ice melts"]])
    program = (
        "from kd_edge_runtime.scorer import Scorer; import kd_edge_core, sys; "
        "print(Scorer.open(sys.argv[1]).backend('stove'), kd_edge_core.__file__)"
    )
    backend, file = run("-c", program, BUNDLES[0]).split()
    assert backend == "core"
    assert "installed" in file


def test_it_is_small_and_its_list_of_files_is_right(built):
    assert built.stat().st_size <= MOST_BYTES
    with zipfile.ZipFile(built) as archive:
        names = set(archive.namelist())
        (info,) = {name.split("/")[0] for name in names} - {"kd_edge_core"}
        for row in csv.reader(archive.read(f"{info}/RECORD").decode().splitlines()):
            data = archive.read(row[0])
            names.remove(row[0])
            if row[1]:
                digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
                assert row[1] == "sha256=" + digest.rstrip(b"=").decode()
                assert int(row[2]) == len(data)
        assert not names
        bill = json.loads(archive.read(f"{info}/sboms/kd-edge-core.cdx.json"))
        assert bill["metadata"]["component"]["name"] == "kd-edge-core"
        tags = set(re.findall("^Tag: (.*)$", archive.read(f"{info}/WHEEL").decode(), re.M))
    python, abi, platforms = built.stem.split("-")[2:]
    assert tags == {f"{python}-{abi}-{platform}" for platform in platforms.split(".")}


def test_it_needs_no_newer_c_library_than_its_name_says(built):
    with zipfile.ZipFile(built) as archive:
        code = archive.read("kd_edge_core/_core.abi3.so")
    needed = {tuple(map(int, found)) for found in re.findall(rb"GLIBC_(\d+)\.(\d+)", code)}
    assert max(needed) <= (2, 17)
    # What Python computes with has to come from the same library, not from the compiler's own.
    for function in (b"exp", b"log", b"pow"):
        assert b"\0" + function + b"\0" in code


def test_the_wheel_for_windows_is_small_too(tmp_path):
    """It cannot run here: it needs nothing but what every Windows with a Python has."""
    wheel = zig.build_wheels().build("windows-x86-64", tmp_path)
    assert wheel.stat().st_size <= MOST_BYTES
    with zipfile.ZipFile(wheel) as archive:
        code = archive.read("kd_edge_core/_core.pyd")
    assert {*re.findall(rb"[\w-]+\.dll", code)} == {b"python3.dll", b"ucrtbase.dll"}
    assert b"PyInit__core\0" in code


def test_the_same_source_gives_the_same_bytes(name, built, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    again = zig.build_wheels().build(name, tmp_path / "elsewhere")
    assert again.name == built.name
    assert again.read_bytes() == built.read_bytes()


def test_what_is_missing_is_named(monkeypatch, tmp_path, capsys):
    module = zig.build_wheels()
    monkeypatch.setattr(module.sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(module.BuildError, match=r"apt-get install python3-dev"):
        module.build("linux-x86-64", tmp_path / "dist")
    monkeypatch.setattr(sys, "argv", ["build_wheels.py", "amiga"])
    with pytest.raises(SystemExit):
        module.main()
    assert "amiga: choose from linux-x86-64" in capsys.readouterr().err


def test_it_says_of_itself_what_the_project_says(built):
    with zipfile.ZipFile(built) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("METADATA")]
        about = archive.read(name).decode()
    from kd_edge_runtime._version import __version__

    assert f"\nName: kd-edge-core\nVersion: {__version__}\n" in about
    assert "\nRequires-Python: >=3.9\n" in about
    assert json.dumps(about).count("Classifier:") >= 3
