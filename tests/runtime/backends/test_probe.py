"""Trying a backend where it can do no harm: real bad packages, in real child processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from kd_edge_export.golden import golden_json
from kd_edge_runtime import backends
from kd_edge_runtime.backends import choose
from kd_edge_runtime.backends import probe as probing
from kd_edge_runtime.backends.probe import ProbeOutcome, forget, probe, versions
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BackendError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students.item import LoadedItem
from usual import USUAL

DIES = "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n"

# The real package, but for what happens when a graph is run.
SESSION = """
import os, signal, sys
sys.path.pop(0)
del sys.modules["onnxruntime"]
import onnxruntime
class InferenceSession(onnxruntime.InferenceSession):
    def run(self, *given):
        {run}
onnxruntime.InferenceSession = InferenceSession
"""
RIGHT = "super().run(*given)[0]"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bag, the same without its plain form, and that with wrong golden rows for int8."""
    folder = tmp_path_factory.mktemp("probe")
    bag = bundles_made.item()
    graphs = {form: bag.forms[form] for form in ("onnx-int8", "onnx-fp32")}
    rows = json.loads(bag.golden)
    outputs = {**rows["outputs"], "onnx-int8": [row[::-1] for row in rows["outputs"]["onnx-int8"]]}
    bundles_made.write(folder / "bag.kdz", [bag])
    bundles_made.write(folder / "graphs.kdz", [replace(bag, forms=graphs)])
    wrong = replace(bag, forms=graphs, golden=golden_json(rows["inputs"], outputs))
    bundles_made.write(folder / "wrong.kdz", [wrong])
    return folder


@pytest.fixture
def item(made):
    """The item of one of these bundles."""
    opened = []

    def item(name):
        opened.append(Bundle(made / f"{name}.kdz"))
        return LoadedItem(opened[-1], opened[-1].manifest.items[0])

    yield item
    for bundle in opened:
        bundle.close()


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Puts an onnxruntime in the way of the real one; returns its file."""

    def fake(code):
        path = tmp_path / "packages" / "onnxruntime" / "__init__.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"with open({str(tmp_path / 'imports')!r}, 'a') as f: f.write('x')\n{code}")
        monkeypatch.syspath_prepend(tmp_path / "packages")
        monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
        return path

    return fake


@pytest.fixture
def imports(tmp_path):
    """How often the fake was imported, each time in a child."""
    return lambda: len((tmp_path / "imports").read_text()) if (tmp_path / "imports").exists() else 0


@pytest.mark.parametrize("name", ["plain", "onnx"])
def test_a_backend_that_works(item, name):
    one = item("bag")
    for form in backends.forms(one.entry, name):
        assert probe(name, one, form) == ("works", "")
    assert probe(name) == ProbeOutcome("works")


def test_a_backend_that_is_not_installed(item, monkeypatch):
    installed = backends.is_installed
    monkeypatch.setattr(backends, "is_installed", lambda name: name != "numpy" and installed(name))
    assert str(probe("onnx", item("bag"), "onnx-fp32")) == "not installed"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (DIES, "dies (SIGILL)"),
        (SESSION.format(run="os.kill(os.getpid(), signal.SIGSEGV)"), "dies (SIGSEGV)"),
        ("import os; os._exit(3)", "dies (exit code 0x3)"),
        ("raise ImportError('built for\\nanother Python')", "fails (ImportError: built for"),
        (SESSION.format(run="raise RuntimeError('no kernel')"), "fails (RuntimeError: no kernel)"),
        (SESSION.format(run=f"return [{RIGHT} * 0.9]"), "wrong ("),
        (SESSION.format(run=f"return [{RIGHT} * float('nan')]"), "wrong ("),
        (SESSION.format(run=f"return [{RIGHT}]"), "works"),
        ("while True: pass", "too slow (over 1 s)"),
    ],
)
def test_what_a_package_may_do(item, fake, imports, code, told):
    fake(code)
    outcome = probe("onnx", item("bag"), "onnx-fp32", timeout=1 if "slow" in told else 60)
    assert str(outcome).startswith(told)
    assert outcome.usable == (told == "works")
    assert imports() == 1 or "slow" in told


def test_what_a_package_prints_is_no_outcome(fake):
    fake("print('works')\nprint('[\"works\", \"\"]')\nraise ImportError('no')")
    assert str(probe("onnx")) == "fails (ImportError: no)"


def test_wrong_numbers_are_counted(item):
    one = item("wrong")
    rows = len(json.loads(one.bundle.read(one.entry.golden))["inputs"])
    told = str(probe("onnx", one, "onnx-int8"))
    assert re.fullmatch(
        rf"wrong \(\d+ of {rows} golden rows differ by up to \S+, 1e-04 is allowed\)", told
    )
    assert probe("onnx", one, "onnx-fp32").usable


# Where no child can be started, nothing is known.


@pytest.mark.parametrize("program", ["", "none-such", "/bin/true", "/dev/null"])
def test_no_python_to_start(item, monkeypatch, program):
    monkeypatch.setattr(sys, "executable", program)
    outcome = probe("plain", item("bag"), "plain-int8")
    assert outcome.verdict == "untried"
    assert outcome.usable


def test_each_part_of_a_childs_work_has_its_time(monkeypatch, tmp_path):
    """However many questions are looked at in one child, a slow device has time for each."""
    (tmp_path / "three_parts.py").write_text("def child():\n  print(1); print(2); print(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    started = []
    timer = probing.Timer
    monkeypatch.setattr(
        probing, "Timer", lambda seconds, *given: started.append(seconds) or timer(seconds, *given)
    )
    lines = []
    probing.in_child("three_parts", [], 60, on_line=lines.append, parts=3)
    assert started == [60] * (1 + len(lines))
    started.clear()
    probing.in_child("three_parts", [], 60)
    assert started == [60]


def test_a_program_that_has_python_inside_is_not_started_again(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("started"))
    assert probe("plain").verdict == "untried"


# What is kept.


def test_an_outcome_is_kept(item, fake, imports, tmp_path):
    one, cache = item("bag"), tmp_path / "probes"
    path = fake(DIES)
    for _ in range(3):
        assert str(probe("onnx", one, "onnx-fp32", cache)) == "dies (SIGILL)"
    assert imports() == 1
    # Another form, another student, another build of the package are tried by themselves.
    probe("onnx", one, "onnx-int8", cache)
    assert imports() == 2
    probe("onnx", item("wrong"), "onnx-fp32", cache)
    assert imports() == 3
    os.utime(path, ns=(1, 1))
    probe("onnx", one, "onnx-fp32", cache)
    probe("onnx", one, "onnx-fp32", cache)
    assert imports() == 4
    forget(cache)
    probe("onnx", one, "onnx-fp32", cache)
    assert imports() == 5
    probe("onnx", one, "onnx-fp32")
    assert imports() == 6


@pytest.mark.parametrize("change", ["__version__", "sys.version", "platform.machine", "versions"])
def test_another_device_is_tried_anew(fake, imports, tmp_path, monkeypatch, change):
    fake(DIES)
    cache = tmp_path / "probes"
    probe("onnx", cache=cache)
    if change == "platform.machine":
        monkeypatch.setattr(probing.platform, "machine", lambda: "pdp11")
    elif change == "versions":
        monkeypatch.setattr(probing, "versions", lambda packages: dict.fromkeys(packages, "9"))
    else:
        *where, name = change.split(".")
        monkeypatch.setattr(sys if where else probing, name, "9")
    probe("onnx", cache=cache)
    assert imports() == 2


def test_the_processor_counts(tmp_path, monkeypatch):
    said = "processor\t: 0\nFeatures\t: fp {}\nCPU part\t: 0xd0{}\nBogoMIPS\t: {}\n\n"

    monkeypatch.setattr(probing, "_PROCESSOR", tmp_path / "cpuinfo")

    def device(*facts):
        (tmp_path / "cpuinfo").write_text(said.format(*facts) * 4)
        return probing._device()

    assert device("asimd", 8, 1) == device("asimd", 8, 2)
    assert len({device("asimd", 8, 1), device("", 8, 1), device("asimd", 3, 1)}) == 3


@pytest.mark.parametrize("code", ["raise ImportError", "import os; os.kill(os.getpid(), 9)"])
def test_what_may_be_otherwise_next_time_is_not_kept(fake, imports, tmp_path, code):
    fake(code)
    for _ in range(2):
        assert not probe("onnx", cache=tmp_path / "probes").usable
    assert imports() == 2
    assert not (tmp_path / "probes").exists()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    for place in ("folder", "file/probes", "none/probes"):
        assert probe("plain", cache=tmp_path / place).usable
        forget(tmp_path / place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_the_file_is_always_of_one_size(tmp_path):
    cache = tmp_path / "probes"
    for number in range(300):
        kept = probing._read(cache, "here")
        kept[f"onnx {number:040}"] = ProbeOutcome("works")
        probing._write(cache, "here", kept)
        assert cache.stat().st_size == 8192
    kept = [*probing._read(cache, "here")]
    assert len(kept) > 80
    assert kept == [f"onnx {number:040}" for number in range(300 - len(kept), 300)]
    assert probing._read(cache, "there") == {}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=8,
)


@given(
    st.binary()
    | ANY_JSON.map(lambda one: json.dumps(one).encode())
    | ANY_JSON.map(lambda one: json.dumps({"device": "d", "outcomes": one}).encode())
    | ANY_JSON.map(lambda one: json.dumps({"device": "d", "outcomes": {"k": one}}).encode())
    | st.just(b"[" * 100_000)
)
def test_a_damaged_file_is_an_empty_one(tmp_path_factory, data):
    cache = tmp_path_factory.getbasetemp() / "damaged"
    cache.write_bytes(data)
    assert all(isinstance(one, ProbeOutcome) for one in probing._read(cache, "d").values())


def test_versions():
    found = versions(["numpy", "no_such_package"])
    assert found["numpy"][0].isdigit()
    assert found["no_such_package"] == "?"


# How a backend is chosen.


def test_plain_is_never_tried(item, monkeypatch):
    monkeypatch.setattr(probing, "_try", lambda *_: pytest.fail("tried"))
    assert choose.choose(item("bag")) == (USUAL, "")
    assert choose.load(item("bag"))[0] == USUAL


def test_whoever_insists_is_not_asked(item, monkeypatch):
    monkeypatch.setattr(probing, "_try", lambda *_: pytest.fail("tried"))
    assert choose.load(item("graphs"), "onnx")[0] == "onnx"


def test_the_first_form_that_works_is_used(item, tmp_path, monkeypatch):
    cache = tmp_path / "probes"
    assert choose.choose(item("graphs"), cache) == ("onnx", "onnx-int8")
    assert choose.choose(item("wrong"), cache) == ("onnx", "onnx-fp32")
    kept = json.loads(cache.read_bytes())["outcomes"]
    assert [verdict for verdict, _ in kept.values()] == ["works", "wrong", "works"]
    monkeypatch.setattr(probing, "_try", lambda *_: pytest.fail("tried again"))
    with Scorer.open(item("wrong").bundle.path, cache=cache) as scorer:
        assert scorer.backend() == "onnx"
        assert sum(scorer.score("the ice").probabilities) == pytest.approx(1)


def test_none_works(item, fake, imports):
    fake(DIES)
    with pytest.raises(BackendError) as caught:
        choose.load(item("graphs"))
    told = str(caught.value)
    assert told.startswith("item 'stove': no backend runs its small model (kind 'bag') here: onnx ")
    assert "with onnx-int8 dies (SIGILL); onnx with onnx-fp32 dies (SIGILL)" in told
    assert "'kd-edge doctor'" in told
    assert imports() == 2


def test_the_command_line_survives_a_bad_wheel(made, fake, tmp_path):
    packages = fake(DIES).parents[1]
    table, out = tmp_path / "in.csv", tmp_path / "out.csv"
    table.write_text("text\nthe ice melts\n")

    def score(name, *options):
        command = [sys.executable, "-m", "kd_edge_runtime", "score", made / name, table]
        return subprocess.run(
            [*command, "-o", out, *options],
            env={**os.environ, "PYTHONPATH": str(packages)},
            capture_output=True,
            text=True,
        )

    done = score("graphs.kdz")
    assert (done.returncode, done.stdout) == (4, "")
    assert "dies (SIGILL)" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()
    assert score("bag.kdz").returncode == 0
    assert out.exists()
    # Whoever insists gets what they ask for.
    assert score("bag.kdz", "--backend", "onnx").returncode < 0
