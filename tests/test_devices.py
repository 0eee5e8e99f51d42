"""The runtime on emulated Raspberry Pis, with the ARM builds of every backend."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import bundles_made
from benchmarks import untrained_bundle
from benchmarks.emulated import KINDS
from benchmarks.emulated.setups import SETUPS
from benchmarks.instruction_counter import InstructionCounter, absent_tools
from kd_edge.bundling.bundle import ExportItem, export
from kd_edge_runtime import backends
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import students

SAMPLES = sorted((Path(__file__).parent / "bundles").glob("*.kdz"))
PROGRAM = ("-m", "kd_edge_runtime")


@pytest.fixture(scope="module", params=SETUPS)
def setup(request):
    return SETUPS[request.param]


@pytest.fixture(scope="module")
def run(setup, pi, runtime):
    """Runs the device's Python, which finds the runtime's wheel, click and the setup's packages."""
    device, path = pi(setup.kind), setup.path(runtime)

    def run(*arguments, code=0):
        done = device.run(arguments, path=path)
        assert done.returncode == code, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A bundle of two bags in every form."""
    path = tmp_path_factory.mktemp("fresh") / "fresh.kdz"
    bundles_made.write(path, bundles_made.two_items())
    return path


@pytest.fixture(scope="module")
def networks(small_students, tmp_path_factory):
    """A bundle of the students that read tokens."""
    path = tmp_path_factory.mktemp("networks") / "networks.kdz"
    export([ExportItem(small_students[kind]) for kind in ("rnn", "transformer")], path, {})
    return path


def test_the_device_is_what_it_says(run, setup):
    said = run("-c", "import platform, sys; print(platform.machine(), sys.maxsize.bit_length())")
    assert said == {"pi-64": "aarch64 63\n", "pi-32": "armv7l 31\n"}[setup.kind]


def test_a_child_process_is_the_same_device(run):
    asked = "import platform; print(platform.machine())"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {asked!r}], check=True)"
    assert run("-c", child) == run("-c", asked)


def test_only_what_is_meant_to_be_there_is_there(run, setup):
    asked = f"from kd_edge_runtime import backends; print(*map(backends.missing, {backends.NAMES}))"
    there = [name for name, lacks in zip(backends.NAMES, run("-c", asked).split(") "), strict=True)
             if lacks.strip("()\n") == ""]  # fmt: skip
    assert there == list(setup.backends)


@pytest.mark.parametrize("path", [*SAMPLES, None], ids=[*(one.name for one in SAMPLES), "fresh"])
def test_every_backend_reproduces_the_golden_rows(run, setup, path, fresh):
    path = path or fresh
    wanted = set(forms(path, setup.backends))
    assert {backend for _, backend, _ in wanted} >= {"plain"}
    check_golden(run, path, wanted)


def test_students_that_read_tokens_reproduce_theirs(run, setup, networks):
    if "onnx" not in setup.backends:
        run(*PROGRAM, "verify", networks, code=4)
        return
    wanted = set(forms(networks, setup.backends))
    assert {item for item, _, _ in wanted} == {"made-rnn", "made-transformer"}
    check_golden(run, networks, wanted)


def forms(path, names):
    """What a bundle has to offer these backends: items, backends and forms."""
    with Bundle(path) as bundle:
        for entry in students(bundle.manifest.items):
            for name in names:
                for form in backends.forms(entry, name):
                    yield entry.item_id, name, form


def check_golden(run, path, wanted):
    said = json.loads(run(*PROGRAM, "verify", path, "--json"))
    checks = said["results"]
    assert {(one["item_id"], one["backend"], one["form"]) for one in checks} == wanted
    for one in checks:
        assert one["error"] is None
        assert one["wrong"] == []
        assert one["rows"] >= 20
        assert one["greatest"] <= one["tolerance"]
    assert said["ok"]


def test_a_golden_row_that_is_wrong_is_seen(run, setup, tmp_path):
    """The check above can fail on a device."""
    item = bundles_made.item()
    golden = json.loads(item.golden)
    for rows in golden["outputs"].values():
        rows[3][0] += 0.001
    path = tmp_path / "wrong.kdz"
    bundles_made.write(path, [replace(item, golden=json.dumps(golden).encode())])
    said = json.loads(run(*PROGRAM, "verify", path, "--json", code=5))
    assert {one["backend"] for one in said["results"]} == set(setup.backends)
    assert {tuple(one["wrong"]) for one in said["results"]} == {(4,)}


_SIGNS = "éß½²→µ×ﬁＡ漢字かな😀\u00a0\u200b\u0301'’\"\t,;.!?+-*/=<>%0123"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A hundred responses of words known and unknown, signs, blanks, and one very long one."""
    rng = random.Random(0)
    known = [word for sentence in bundles_made.SENTENCES for word in sentence.split()]

    def word():
        return rng.choice(known) if rng.random() < 0.8 else "".join(rng.choices(_SIGNS, k=3))

    texts = [" ".join(word() for _ in range(rng.randrange(40))) for _ in range(100)]
    texts += ["", "  ", "the ice " * 2000]
    path = tmp_path_factory.mktemp("table") / "responses.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = [[rng.choice(("stove", "spoon")), text] for text in texts]
        csv.writer(file).writerows([["item", "text"], *rows])
    return path


@pytest.fixture(scope="module")
def here(fresh, table, tmp_path_factory):
    """What this machine makes of the table, by backend."""
    folder = tmp_path_factory.mktemp("here")
    made = {}

    def here(backend):
        if backend not in made:
            output = folder / f"{backend}.csv"
            options = ["-o", output, "--backend", backend]
            command = [sys.executable, *PROGRAM, "score", fresh, table, *options]
            subprocess.run(list(map(str, command)), check=True, capture_output=True)
            made[backend] = output.read_text(encoding="utf-8")
        return made[backend]

    return here


def test_a_table_is_scored_as_it_is_here(run, setup, fresh, table, here, tmp_path):
    for backend in setup.backends:
        output = tmp_path / f"{backend}.csv"
        run(*PROGRAM, "score", fresh, table, "-o", output, "--backend", backend)
        found = output.read_text(encoding="utf-8")
        if backend == "plain":  # whole numbers and doubles: the same on every processor
            assert found == here(backend)
            continue
        found, wanted = (
            list(csv.DictReader(text.splitlines(True))) for text in (found, here(backend))
        )
        assert len(found) == len(wanted) == 103
        for one, other in zip(found, wanted, strict=True):
            assert one.keys() == other.keys()
            for name in ("item", "text", "flag", "predicted"):
                assert one[name] == other[name]
            for name in one.keys() - {"item", "text", "flag", "predicted"}:
                assert (one[name] == "") == (other[name] == "")
                assert float(one[name] or 0) == pytest.approx(float(other[name] or 0), abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_device_reads_the_same_words(pi, runtime, kind):
    program = (
        "import hashlib; from kd_edge_runtime.text.rules import words; "
        "text = ''.join(map(chr, [*range(0x3100), *range(0xFF00, 0x20000, 7)])); "
        "print(hashlib.sha256('\\n'.join(words(text)).encode()).hexdigest())"
    )
    here = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert pi(kind).run(["-c", program], path=[runtime]).stdout == here.stdout != ""


# Instructions of one response in a process of its own, in plain Python; what a start of Python
# and an import of click alone take is no less.
COLD_START = 120_000_000


@pytest.mark.skipif(bool(absent_tools()), reason=f"not found: {', '.join(absent_tools())}")
def test_a_cold_start_is_cheap(pi, runtime, tmp_path):
    device, setup = pi("pi-64"), SETUPS["pi-64, nothing"]
    bundle, table = tmp_path / "made.kdz", tmp_path / "one.csv"
    untrained_bundle.write(bundle)
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["text"], [" ".join(untrained_bundle.sample_texts()[:2])]])
    arguments = [*PROGRAM, "score", bundle, table, "-o", tmp_path / "out.csv"]
    counter = InstructionCounter(tmp_path)
    device.run(arguments, path=setup.path(runtime))  # compiles the modules
    first, second = (counter.count(device, arguments, setup.path(runtime)) for _ in range(2))
    assert first == pytest.approx(second, rel=1e-4)  # a process's number may be longer
    assert 20_000_000 < first < COLD_START
