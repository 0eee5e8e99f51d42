"""A bench as a whole, in real child processes; what a bad wheel or a bad model does to it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace

import pytest

import bundles_made
import classifiers_made as made
from kd_edge_runtime import backends
from kd_edge_runtime.bench import run as running
from kd_edge_runtime.bench.run import BenchRequest, bench, fastest, ratios
from kd_edge_runtime.bench.worker import BATCHES
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BundleError, InputError
from workshop import CANARY
from wrong_bundles import with_wrong_rows

DIES = "import os, signal; os.kill(os.getpid(), signal.SIGILL)"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """What is timed is not of interest here."""
    monkeypatch.setattr(running, "_CAP", 0.2)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "item.kdz"
    bundles_made.write(path, bundles_made.two_items())
    return path


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Puts an onnxruntime in the way of the real one."""

    def fake(code):
        package = tmp_path / "packages" / "onnxruntime"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(code)
        monkeypatch.syspath_prepend(package.parent)
        monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)

    return fake


@pytest.fixture
def responses(tmp_path):
    """Labelled responses, one of which holds a word that may never be seen again."""
    path = tmp_path / "in.csv"
    texts = [*bundles_made.SENTENCES, f"the {CANARY} melts"]
    rows = [f'stove,"{text}",{at % 4}' for at, text in enumerate(texts)]
    path.write_text("item,text,score\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def plain(path):
    """A bench of plain Python, to be looked at."""
    running._CAP, kept = 0.2, running._CAP
    try:
        return bench(BenchRequest(path, backends=("plain",), quick=True, sustain=2))
    finally:
        running._CAP = kept


def test_what_stands_above_the_rows(plain, path):
    assert (plain["format"], plain["version"]) == ("kd-edge-bench", 1)
    assert plain["bundle"]["bytes"] == path.stat().st_size
    assert plain["bundle"]["items"] == 2
    assert plain["bundle"]["forms"].keys() == bundles_made.item().forms.keys()
    assert plain["texts"]["made_up"] == 256
    assert plain["texts"]["number"] > 256 + 20
    assert plain["before"].keys() == plain["after"].keys()
    assert json.loads(json.dumps(plain, allow_nan=False)) == json.loads(json.dumps(plain))


def test_a_row(plain):
    (row,) = plain["rows"]
    assert (row["name"], row["form"], row["own"]) == ("plain", "plain-int8", True)
    assert (row["state"], row["why"], row["ratios"], row["quality"]) == ("works", "", None, None)
    assert plain["fastest"] == "plain"
    assert len(row["starts"]) == 2
    assert all(row[name] > 0 for name in ("import_s", "load_s", "first_s", "new_text_p50_s"))
    assert row["start_s"] >= row["import_s"]
    latency = row["latency"]
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["max"]
    assert latency["n"] >= 50
    assert [one["batch"] for one in row["throughput"]] == [*BATCHES]
    golden = row["golden"]
    assert (golden["wrong"], golden["classes_differ"]) == (0, 0)
    assert golden["greatest"] < golden["tolerance"]
    if sys.platform == "linux":
        assert 5_000 < row["rss_first_kib"] <= row["rss_peak_kib"] < 100_000


def test_what_a_device_reads(plain, path):
    with Bundle(path) as bundle:
        packed, entry = bundle.packed(), bundle.manifest.items[0]
    names = ("manifest.json", entry.vectorizer, entry.forms["plain-int8"])
    assert plain["rows"][0]["bytes"] == sum(packed[name] for name in names)


def test_it_goes_on(plain):
    found = plain["sustained"]
    assert (found["name"], found["why"]) == ("plain", "")
    assert found["seconds"] >= 2
    rates = [part["per_s"] for part in found["slices"]]
    assert 1 <= len(rates) <= 2, "of a second at least: one where the machine stood still"
    assert (found["first_per_s"], found["last_per_s"]) == (rates[0], rates[-1])
    assert found["slowest_per_s"] == min(rates)
    assert found["last_to_first"] == rates[-1] / rates[0]


def test_every_backend_with_responses_against_models(path, responses, tmp_path):
    folder = made.write(tmp_path / "model", made.onnx_graph())
    (folder / "model.tflite").write_bytes(made.tflite_graph_bytes())
    found = bench(BenchRequest(path, responses=responses, against=(folder,), quick=True))
    rows = {row["name"]: row for row in found["rows"]}
    own = [row for row in found["rows"] if row["own"]]
    assert [row["name"] for row in own] == [*backends.NAMES]
    assert [*rows][len(own) :] == ["model/model.onnx", "model/model.tflite"]
    assert {row["state"] for row in rows.values()} == {"works"}
    assert found["texts"]["labelled"] == 9
    assert len({json.dumps(row["quality"]) for row in own}) == 1
    assert own[0]["quality"]["responses"] == 9
    assert rows["onnx"]["versions"].keys() == {"numpy", "onnxruntime"}
    best = rows[found["fastest"]]
    for row in found["rows"]:
        assert (row["ratios"] is None) == (row is best)
    ratio = rows["model/model.onnx"]["ratios"]
    assert ratio["smaller"] == rows["model/model.onnx"]["bytes"] / best["bytes"]
    assert ratio["qwk_more"] is not None
    assert rows["model/model.onnx"]["quality"] == rows["model/model.tflite"]["quality"]
    assert CANARY not in json.dumps(found)


def test_a_model_of_other_classes_is_timed_and_not_judged(path, responses, tmp_path):
    folder = made.write(tmp_path / "model", made.onnx_graph(table=made.TABLE[:, :3]), config=None)
    found = bench(
        BenchRequest(path, responses=responses, against=(folder,), backends=("plain",), quick=True)
    )
    row = found["rows"][1]
    assert (row["state"], row["comparable"], row["quality"]) == ("works", False, None)
    assert row["ratios"]["faster"] > 0
    assert row["ratios"]["qwk_more"] is None


def test_a_model_that_is_no_classifier(path, tmp_path):
    folder = made.write(tmp_path / "model", made.onnx_graph(table=made.TABLE[:, :1]))
    row = bench(BenchRequest(path, against=(folder,), backends=("plain",), quick=True))["rows"][1]
    assert (row["state"], row["ratios"]) == ("fails", None)
    assert "first output is not a row of numbers" in row["why"]


def test_a_backend_that_dies_stops_no_other(path, fake):
    fake(DIES)
    found = bench(BenchRequest(path, backends=("onnx", "plain"), quick=True))
    assert [(row["state"], row["why"]) for row in found["rows"]] == [
        ("dies", "SIGILL"),
        ("works", ""),
    ]
    assert (found["fastest"], found["rows"][0]["ratios"]) == ("plain", None)


def test_what_is_not_installed_is_said(path, monkeypatch):
    installed = backends.is_installed
    monkeypatch.setattr(
        backends, "is_installed", lambda name: name != "onnxruntime" and installed(name)
    )
    row = bench(BenchRequest(path, backends=("onnx",), quick=True))["rows"][0]
    assert (row["state"], row["why"]) == ("not installed", "pip install onnxruntime")


def test_a_wrong_model_is_never_the_fastest(tmp_path):
    wrong = with_wrong_rows(bundles_made.item(), "plain-int8", (5, 7))
    bundles_made.write(tmp_path / "a.kdz", [wrong])
    found = bench(BenchRequest(tmp_path / "a.kdz", backends=("plain", "onnx"), quick=True))
    plain, onnx = found["rows"]
    assert plain["state"] == "wrong"
    assert plain["why"].startswith("2 of ")
    assert plain["golden"]["wrong"] == 2
    assert 0 < plain["golden"]["classes_differ"] <= 2
    assert onnx["state"] == "works"
    assert found["fastest"] == "onnx"
    assert plain["ratios"]["faster"] > 0


def test_another_bundle_is_raced_on_the_same_backends(path, tmp_path):
    other = tmp_path / "other.kdz"
    bundles_made.write(other, [replace(bundles_made.item(), item_id="of another name")])
    found = bench(BenchRequest(path, against=(other,), backends=("plain",), quick=True))
    assert [(row["name"], row["own"]) for row in found["rows"]] == [
        ("plain", True),
        ("other.kdz plain", False),
    ]
    assert found["rows"][1]["golden"]["wrong"] == 0
    assert found["rows"][1]["ratios"]["faster"] > 0


def test_a_package_that_refuses_a_graph(path, fake):
    fake(
        "class SessionOptions: pass\n"
        "class InferenceSession:\n"
        "    def __init__(self, *_, **__): raise RuntimeError('no such operator')\n"
    )
    found = bench(BenchRequest(path, backends=("onnx",), quick=True))
    assert "ONNX Runtime cannot load 'onnx-int8': no such operator" in found["rows"][0]["why"]
    assert found["fastest"] is None


def test_a_damaged_bundle(path, tmp_path):
    damaged = tmp_path / "damaged.kdz"
    damaged.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BundleError):
        bench(BenchRequest(damaged))
    with pytest.raises(InputError, match="no such file"):
        bench(BenchRequest(tmp_path / "none.kdz"))
    with pytest.raises(InputError, match="no item 'pot'"):
        bench(BenchRequest(path, item_id="pot"))


def test_threads_are_those_asked_for(path, monkeypatch):
    seen = []
    in_child = running.in_child

    def watched(module, asked, timeout, given, env, heard):
        seen.append(env)
        return in_child(module, asked, timeout, given, env, heard)

    monkeypatch.setattr(running, "in_child", watched)
    bench(BenchRequest(path, backends=("plain",), quick=True, threads=2))
    assert {one["OMP_NUM_THREADS"] for one in seen} == {"2"}
    assert all(one["PATH"] == os.environ["PATH"] for one in seen)


def row(name, p50, state="works", own=True):
    return {
        "name": name,
        "own": own,
        "state": state,
        "latency": {"p50": p50},
        "throughput": [{"per_s": 2 / p50}, {"per_s": 1 / p50}],
        "bytes": 10,
        "rss_peak_kib": 100,
        "start_s": 1.0,
        "quality": {"qwk": 0.8},
    }


def test_the_fastest_is_the_bundles_own_and_right():
    rows = [row("a", 0.1, "wrong"), row("b", 0.01, own=False), row("c", 0.3), row("d", 0.2)]
    assert fastest(rows)["name"] == "d"
    assert fastest(rows[:2]) is None


def test_ratios():
    worse = {**row("x", 0.4, own=False), "bytes": 40, "start_s": 3.0, "quality": {"qwk": 0.7}}
    found = ratios({**worse, "rss_peak_kib": None}, row("y", 0.1))
    assert found == pytest.approx(
        {"faster": 4, "throughput": 4, "smaller": 4, "memory": None, "start": 3, "qwk_more": 0.1}
    )
    assert ratios({"state": "dies"}, row("y", 0.1)) is None
