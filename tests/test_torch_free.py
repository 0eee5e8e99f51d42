"""A device needs Python and click: nothing heavy is imported, nothing else is installed."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.cli.group import _DEVICE, _KNOWN

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "tests" / "bundles" / "protocol-1.kdz"
HEAVY = {
    "ai_edge_litert",
    "flatbuffers",
    "numpy",
    "onnx",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "rich",
    "sklearn",
    "tflite_runtime",
    "tokenizers",
    "torch",
    "transformers",
}

_RUN = """
import json, sys
sys.argv = json.loads(sys.argv[1])
from kd_edge_runtime.cli.group import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def imported(*arguments):
    """The packages that a command line has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, json.dumps(["kd-edge", *map(str, arguments)])],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("item,text\nstove,the ice melts\nspoon,\n")
    return path


def test_help_imports_nothing_heavy():
    found = imported("--help")
    assert "click" in found
    assert not found & HEAVY


def test_scoring_in_plain_python_imports_nothing_heavy(table, tmp_path):
    for backend in ("auto", "plain"):
        found = imported("score", SAMPLE, table, "--backend", backend, "-o", tmp_path / "o.csv")
        assert "kd_edge_runtime" in found
        assert not found & HEAVY
        # A device's verb does not look for the workshop's either.
        assert "kd_edge" not in found


def test_inspecting_imports_nothing_heavy():
    assert not imported("inspect", SAMPLE, "--card") & HEAVY


def test_verifying_in_plain_python_imports_nothing_heavy():
    assert not imported("verify", SAMPLE, "--backend", "plain") & HEAVY


def test_a_page_is_made_of_a_bundle_without_anything_heavy(tmp_path):
    assert not HEAVY & imported("page", SAMPLE, "-o", tmp_path / "page.html")


def test_the_check_can_see(table, tmp_path):
    found = imported("score", SAMPLE, table, "--backend", "numpy", "-o", tmp_path / "o.csv")
    assert "numpy" in found
    assert not found & (HEAVY - {"numpy"})


# On a device: a bare Python, the built wheel, and click.


def pythons():
    """This Python, and the oldest that the runtime takes where the machine has one."""
    oldest = [*Path.home().glob(".pyenv/versions/3.9*/bin/python"), Path("/usr/bin/python3.9")]
    return [Path(sys.executable), *[path for path in oldest if path.exists()][:1]]


@pytest.fixture(scope="session", params=pythons(), ids=lambda path: path.parent.parent.name)
def device(request, wheel, tmp_path_factory):
    """Runs a program of a bare Python in which the wheel is installed."""
    folder = tmp_path_factory.mktemp("device")
    if request.param == Path(sys.executable):
        venv.create(folder / "venv", with_pip=True)
    else:
        subprocess.run([request.param, "-m", "venv", folder / "venv"], check=True)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def device(program, *arguments):
        done = subprocess.run(
            [str(programs / program), *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            cwd=folder,
            env={**kept, "PYTHONIOENCODING": "utf-8"},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    device("python", "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel)
    return device


def test_the_wheel_holds_the_runtime_and_asks_for_click(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [name for name in names if name.endswith("/METADATA")]
        asked = [
            line
            for line in archive.read(metadata).decode().splitlines()
            if line.startswith("Requires-Dist:") and "extra ==" not in line
        ]
    assert asked == ["Requires-Dist: click>=8.0"]
    assert "kd_edge_runtime/py.typed" in names
    assert all(name.startswith(("kd_edge_runtime/", "kd_edge_runtime-")) for name in names)
    source = ROOT / "runtime" / "kd_edge_runtime"
    modules = {f"kd_edge_runtime/{path.relative_to(source)}" for path in source.rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == modules
    # Docstrings and comments are a third of it; `bench` is an eighth, and so is what reads
    # spreadsheets and other encodings, which is imported where a file needs it, as are the tables
    # of text rules 2 and of WordPiece. `serve`, with what holds its clients to limits, is a
    # twentieth, and so is what scores in several processes, for engines, and to Parquet. Records of
    # held-out scores, and manifests in modules of their own, are a hundredth. A fiftieth reads
    # reference answers, and loads once what items share.
    assert wheel.stat().st_size < 397_000


def test_nothing_heavy_is_there(device):
    find = f"from importlib.util import find_spec; print([*filter(find_spec, {sorted(HEAVY)})])"
    assert device("python", "-c", find).strip() == "[]"
    assert "click" in device("python", "-c", "import click; print(click.__name__)")


def test_every_module_is_of_this_python(device):
    where = "import kd_edge_runtime as one; print(one.__path__[0])"
    folder = device("python", "-c", where).strip()
    assert str(ROOT) not in folder
    device("python", "-W", "error", "-m", "compileall", "-q", "-f", folder)


def test_the_device_has_its_verbs(device):
    out = device("kd-edge", "--help")
    lines = out.partition("Check it:\n")[2].splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    assert listed == [verb for verb in _KNOWN if verb in _DEVICE]
    shown = device("kd-edge", "inspect", SAMPLE)
    assert "all sizes and hashes are correct" in shown
    assert "(shown only where the full package, kd-edge, is installed)" in shown
    shown = device("kd-edge", "verify", SAMPLE)
    assert shown.count("plain    plain-int8 ") == 2
    assert "not installed here: onnx (needs numpy and onnxruntime)" in shown
    assert device("python", "-m", "kd_edge_runtime", "--help") == out


def test_the_device_scores_the_golden_rows(device, tmp_path):
    with Bundle(SAMPLE) as bundle:
        for entry in bundle.manifest.items:
            golden = json.loads(bundle.read(entry.golden))
            source, scores = tmp_path / "golden.csv", tmp_path / "scores.csv"
            with source.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([["text"], *([text] for text in golden["inputs"])])
            device("kd-edge", "score", SAMPLE, source, "-o", scores, "--item", entry.item_id)
            with scores.open(encoding="utf-8", newline="") as file:
                rows = [*csv.DictReader(file)]
            assert [row["text"] for row in rows] == golden["inputs"]
            for row, wanted in zip(rows, golden["outputs"]["plain-int8"], strict=True):
                shares = [float(row[f"p_{name}"]) for name in entry.classes]
                assert shares == pytest.approx(wanted, abs=golden["tolerance"])


def test_the_device_reads_the_same_words(device):
    """Whatever the Unicode tables of its Python say."""
    code = (
        "import hashlib; from kd_edge_runtime.text.rules import words; "
        "text = ''.join(map(chr, range(0x32000))); "
        "print(hashlib.sha256('\\n'.join(words(text)).encode()).hexdigest())"
    )
    here = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert device("python", "-c", code) == here.stdout
