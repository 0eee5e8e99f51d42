"""The runtime on every Python that it takes, as far as this machine has them."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import bundles_made
from kd_edge_runtime import backends
from kd_edge_runtime.bundle.archive import Bundle

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
RUNNING = "{}.{}".format(*sys.version_info)
TESTS = Path(__file__).parent
SAMPLES = sorted((TESTS / "bundles").glob("*.kdz"))
CORPUS = TESTS / "conformance" / "check.py"
# CPython 3.14 as WebAssembly, which `make newer-python` gets.
PYODIDE = TESTS.parent / ".devices" / "pyodide" / "node_modules" / "pyodide"
PROGRAM = ("-m", "kd_edge_runtime")


@cache
def interpreter(version: str) -> str | None:
    """A Python of a version, from PATH or pyenv, if there is one that starts."""
    if version == RUNNING:
        return sys.executable
    named = [shutil.which(f"python{version}")]
    installed = Path.home().glob(f".pyenv/versions/{version}.*/bin/python")
    for found in [*filter(None, named), *map(str, installed)]:
        asked = "import sys; print('{}.{}'.format(*sys.version_info))"
        done = subprocess.run([found, "-c", asked], capture_output=True, text=True)
        if done.stdout.strip() == version:
            return found
    return None


@pytest.fixture(scope="module", params=VERSIONS)
def run(request, wheel, tmp_path_factory):
    """Runs a Python that has the wheel and the click that suits it, and nothing else."""
    python = interpreter(request.param)
    if python is None:
        pytest.skip(f"no Python {request.param} here")
    folder = tmp_path_factory.mktemp(request.param)
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    for_it = ("--python-version", request.param, "--only-binary=:all:", "--target", folder / "lib")
    subprocess.run(list(map(str, [sys.executable, *pip, *for_it, wheel])), check=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run(*arguments):
        done = subprocess.run(
            # Its own packages are left out, and a warning is an error.
            [python, "-s", "-S", "-W", "error", *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            cwd=folder,
            env={**kept, "PYTHONPATH": str(folder / "lib"), "PYTHONIOENCODING": "utf-8"},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_at_least_one_is_found():
    assert RUNNING in VERSIONS
    assert any(map(interpreter, VERSIONS))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_it_reproduces_the_golden_rows(run, path):
    said = json.loads(run(*PROGRAM, "verify", path, "--json"))
    with Bundle(path) as bundle:
        wanted = {
            (entry.item_id, "plain", form)
            for entry in bundle.manifest.items
            for form in backends.forms(entry, "plain")
        }
    assert {(one["item_id"], one["backend"], one["form"]) for one in said["results"]} == wanted
    assert said["ok"]
    assert all(one["rows"] >= 20 and not one["wrong"] for one in said["results"])


@pytest.mark.parametrize("click", [(), ("--threads", "1")], ids=["straight", "through click"])
def test_it_scores_as_this_one_does(run, tmp_path, click):
    table = tmp_path / "in.csv"
    texts = [*bundles_made.SENTENCES, "", "Größe ½ 水 → 'x'", 'the ice, "the"\nice']
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["item", "text"], *(["stove", text] for text in texts)])
    call = [*PROGRAM, "score", SAMPLES[0], table, "--first-only", *click]
    here = subprocess.run(
        list(map(str, [sys.executable, *call])), capture_output=True, encoding="utf-8", check=True
    )
    assert run(*call) == here.stdout
    assert len(list(csv.DictReader(here.stdout.splitlines(True)))) == len(texts)


def test_it_reads_and_scores_the_corpus_to_the_last_bit(run):
    assert re.search(r": 2\d\d\d texts, 0 differ$", run(CORPUS))


@pytest.fixture(scope="module")
def newest(runtime):
    """The digest of the newest Python, with another processor and another C library."""
    node = shutil.which("node")
    if node is None or not PYODIDE.is_dir():
        pytest.skip("no newer Python here: install node and npm, and run 'make newer-python'")
    root = runtime / "root"
    shutil.copytree(TESTS / "conformance", root / "conformance", dirs_exist_ok=True)
    shutil.copytree(TESTS / "support", root / "support", dirs_exist_ok=True)
    shutil.copytree(runtime / "kd_edge_runtime", root / "kd_edge_runtime", dirs_exist_ok=True)
    call = [node, TESTS / "support" / "pyodide.mjs", PYODIDE, root, ".", "conformance/check.py"]
    done = subprocess.run([*map(str, call), "--digest"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sums_are_the_same_where_nothing_else_is(run, newest):
    assert newest == run(CORPUS, "--digest")


def test_it_helps(run):
    assert re.search(r"^  score +Score a table of responses", run(*PROGRAM, "--help"), re.MULTILINE)


def test_a_plain_call_imports_nothing_costly(run, tmp_path):
    table = tmp_path / "in.csv"
    table.write_text("item,text\nstove,the ice melts\n")
    program = (
        "import os, sys; end = os._exit; "
        "os._exit = lambda code: (print(*sys.modules), sys.stdout.flush(), end(code)); "
        "from kd_edge_runtime.__main__ import main; main()"
    )
    found = set(run("-c", program, "score", SAMPLES[0], table, "-o", tmp_path / "o.csv").split())
    assert "kd_edge_runtime.backends.plain" in found
    assert not found & {"click", "dataclasses", "hashlib", "importlib.metadata", "subprocess"}
