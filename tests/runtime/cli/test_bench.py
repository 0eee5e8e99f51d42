"""`kd-edge bench`: what it prints and writes, and how it ends."""

from __future__ import annotations

import json

import pytest

import bundles_made
import classifiers_made as made
from kd_edge_runtime import backends
from kd_edge_runtime.bench import run as running
from workshop import CANARY
from wrong_bundles import with_wrong_rows


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(running, "_CAP", 0.1)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "item.kdz"
    bundles_made.write(path)
    return path


@pytest.fixture
def bench(command, path):
    return lambda *asked: command("bench", path, "--quick", "--backend", "plain", *asked)


def test_a_table_and_a_file(bench, tmp_path):
    said = bench("-o", tmp_path / "bench.json")
    assert said.code == 0
    assert said.out.startswith("item.kdz: ")
    assert said.out.endswith("fastest: plain\n")
    assert "plain (1 of 1): about " in said.err
    written = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert (written["format"], written["fastest"]) == ("kd-edge-bench", "plain")
    assert [one.name for one in tmp_path.iterdir()] == ["bench.json"]


def test_json(bench):
    said = bench("--json")
    assert json.loads(said.out)["rows"][0]["name"] == "plain"


def test_markdown_with_responses(bench, tmp_path):
    table = tmp_path / "in.csv"
    rows = [f"the {CANARY} ice {at},{at % 4}\n" for at in range(20)]
    table.write_text("answer,points\n" + "".join(rows))
    said = bench("--responses", table, "--markdown")
    header, _, row = said.out.splitlines()
    assert header.startswith("| device | system |")
    assert "| plain | " in row


def test_it_ends_as_it_should_where_nothing_is_right(command, tmp_path):
    path = tmp_path / "a.kdz"
    bundles_made.write(path, [with_wrong_rows(bundles_made.item(), "plain-int8", (5,))])
    said = command("bench", path, "--quick", "--backend", "plain")
    assert said.code == 5
    assert "WRONG: off by" in said.out
    assert "Error: no backend here scores correctly: plain wrong (1 of " in said.err


def test_it_ends_as_it_should_where_nothing_works(command, path, monkeypatch):
    installed = backends.is_installed
    monkeypatch.setattr(
        backends, "is_installed", lambda name: name != "onnxruntime" and installed(name)
    )
    said = command("bench", path, "--quick", "--backend", "onnx")
    assert said.code == 4
    assert "onnx: not installed (pip install onnxruntime)" in said.out


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        (("--json", "--markdown"), 2, "not both"),
        (("--sustain", "nan"), 2, "needs a number of seconds"),
        (("--sustain", "-1"), 2, "-1"),
        (("--threads", "0"), 2, "0"),
        (("--backend", "abacus"), 2, "abacus"),
        (("--against", "{}/none"), 2, "none: no such file or folder"),
        (("--against", "{}/bare"), 2, "needs its tokenizer.json beside it"),
        (("--against", "{}/cut.kdz"), 3, "not a bundle, or an incomplete copy"),
        (("--responses", "{}/none.csv"), 2, "no such file"),
        (("--responses", "{}/in.csv", "--score-column", "mark"), 2, "no column 'mark'"),
        (("--item", "pot"), 2, "no item 'pot'"),
    ],
)
def test_what_is_asked_wrongly(command, path, tmp_path, asked, code, told):
    made.write(tmp_path / "bare", b"")
    (tmp_path / "bare" / "tokenizer.json").unlink()
    (tmp_path / "cut.kdz").write_bytes(path.read_bytes()[:-50])
    (tmp_path / "in.csv").write_text("text\na\n")
    said = command("bench", path, *(one.format(tmp_path) for one in asked))
    assert (said.code, said.out) == (code, "")
    assert told in said.err


def test_help(command):
    said = command("bench", "--help")
    assert said.code == 0
    assert "kd-edge bench item.kdz --responses scored.csv --against teacher-onnx" in said.out
