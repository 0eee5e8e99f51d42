"""`kd-edge verify`: what it prints, and how it ends."""

from __future__ import annotations

import json
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import bundles_made
import seconds_made
from kd_edge_runtime import backends
from kd_edge_runtime.bundle.archive import MANIFEST
from kd_edge_runtime.cli import group
from usual import HERE
from wrong_bundles import with_form, with_golden, with_wrong_rows

SAMPLE = Path(__file__).parents[2] / "bundles" / "protocol-1.kdz"


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs `kd-edge verify` in this process: exit code, standard output, standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["kd-edge", "verify", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            group.main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run


@pytest.fixture
def made(tmp_path):
    """The path of a bundle of these items."""

    def made(*items):
        bundles_made.write(tmp_path / "a.kdz", items)
        return tmp_path / "a.kdz"

    return made


def lacking(monkeypatch, *packages):
    installed = backends.is_installed
    monkeypatch.setattr(
        backends, "is_installed", lambda name: name not in packages and installed(name)
    )


def test_a_good_bundle(run):
    code, out, err = run(SAMPLE)
    assert (code, err) == (0, "")
    head, columns, *lines = out.splitlines()
    assert head == "protocol 1, all sizes and hashes are correct"
    assert columns == "backend  form         rows  difference  allowed  item"
    cells = [line.split() for line in lines if line.startswith(("plain ", "numpy ", "onnx "))]
    assert [(one[0], one[1], one[2], one[4], one[5]) for one in cells] == [
        (backend, form, "23", "1e-04", item)
        for item in ("stove", "spoon")
        for backend, form in (
            *(("plain", "plain-int8"), ("numpy", "plain-int8")),
            *(("onnx", "onnx-int8"), ("onnx", "onnx-fp32")),
        )
    ]
    assert all(float(one[3]) < 1e-6 for one in cells)


def test_a_good_bundle_as_json(run):
    code, out, err = run(SAMPLE, "--json", "--backend", "numpy", "--backend", "onnx")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert (said["protocol"], said["ok"], said["not_run"]) == (1, True, [])
    first = said["results"][0]
    assert 0 < first.pop("greatest") < 1e-6
    assert first == {
        "item_id": "stove",
        "backend": "numpy",
        "form": "plain-int8",
        "tolerance": 1e-4,
        "rows": 23,
        "wrong": [],
        "error": None,
    }
    assert [one["form"] for one in said["results"]] == 2 * ["plain-int8", "onnx-int8", "onnx-fp32"]


def test_golden_rows_that_are_not_reproduced(run, made):
    path = made(with_wrong_rows(bundles_made.item(), "onnx-fp32", (2, 5)))
    code, out, err = run(path)
    assert code == 5
    assert err.startswith("Error: item 'stove', onnx-fp32 on onnx: 2 of ")
    assert err.endswith(", 1e-04 is allowed: 2, 5\n")
    assert f"WRONG: {err[len('Error: ') :]}" in out
    assert "onnx     onnx-int8 " in out
    code, out, err = run(path, "--json")
    said = json.loads(out)
    assert (code, said["ok"]) == (5, False)
    assert err.startswith("Error: item 'stove', onnx-fp32 on onnx: ")
    (wrong,) = [one for one in said["results"] if one["error"]]
    assert (wrong["item_id"], wrong["form"], wrong["wrong"]) == ("stove", "onnx-fp32", [2, 5])
    assert wrong["error"] in err


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_damaged_bundle(run, made, option):
    path = made()
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x03\x04") + 80] ^= 0xFF
    path.write_bytes(data)
    code, out, err = run(path, *option)
    assert (code, out) == (3, "")
    assert "golden.json" in err


def test_a_bundle_of_protocol_2(run, made, tmp_path):
    newer = tmp_path / "newer.kdz"
    with zipfile.ZipFile(made()) as old, zipfile.ZipFile(newer, "w") as archive:
        for name in old.namelist():
            data = old.read(name)
            if name == MANIFEST:
                data = json.dumps({**json.loads(data), "protocol": 2}).encode()
            archive.writestr(name, data)
    code, out, err = run(newer)
    assert (code, out) == (3, "")
    assert "protocol 2" in err
    assert "update kd-edge-runtime" in err


def test_golden_rows_that_are_none(run, made):
    code, out, err = run(made(with_golden(bundles_made.item(), lambda content: content.clear())))
    assert code == 3
    assert "FAILED: item 'stove', plain-int8 on plain: 'items/0/golden.json' does not" in out
    assert err.startswith(f"Error: item 'stove', plain-int8 on {HERE[0]}: ")


def test_a_student_that_nothing_runs(run, made):
    code, out, err = run(made(replace(bundles_made.item(), student="oracle")))
    assert code == 4
    assert "FAILED: item 'stove', any form on auto: " in out
    assert f"not run: {', '.join(sorted(bundles_made.item().forms))}\n" in out
    assert err.startswith("Error: item 'stove', any form on auto: ")


def test_a_backend_that_is_not_here(run, monkeypatch):
    lacking(monkeypatch, "onnxruntime")
    code, out, err = run(SAMPLE)
    assert (code, err) == (0, "")
    assert "\nnot installed here: onnx (needs onnxruntime)\n" in out
    assert "\nnot run: onnx-fp32, onnx-int8\n" in out
    code, out, err = run(SAMPLE, "--backend", "onnx")
    assert code == 4
    assert err.endswith("pip install onnxruntime\n")
    said = json.loads(run(SAMPLE, "--json")[1])
    assert said["not_installed"]["onnx"] == ["onnxruntime"]
    assert said["not_run"] == ["onnx-fp32", "onnx-int8"]


def test_the_gravest_decides_how_it_ends(run, made):
    broken = with_form(bundles_made.item(), "onnx-int8", b"no graph")
    assert run(made(broken))[0] == 3
    code, out, err = run(made(with_wrong_rows(broken, "onnx-fp32", (1,))))
    assert code == 3
    assert "'onnx-int8' is cut or damaged" in err
    assert (out.count("WRONG: "), out.count("FAILED: ")) == (1, 1)
    none = with_golden(broken, lambda content: content["outputs"].pop("onnx-fp32"))
    assert run(made(none))[0] == 3


def test_what_is_no_bundle(run, tmp_path):
    assert run(tmp_path / "none.kdz")[:2] == (2, "")
    (tmp_path / "text.kdz").write_text("hello")
    assert run(tmp_path / "text.kdz")[:2] == (3, "")


def test_a_backend_of_no_such_name(run):
    code, out, err = run(SAMPLE, "--backend", "jax")
    assert (code, out) == (2, "")
    assert "'jax'" in err


def test_beyond_ascii(run, made):
    path = made(bundles_made.item("Größe 水"))
    code, out, _ = run(path, "--backend", "plain")
    assert code == 0
    assert "  Größe 水\n" in out
    assert "Größe 水" in run(path, "--json")[1]


@pytest.fixture
def two(made):
    """A bundle of an item with two students."""
    return made(seconds_made.item())


def test_both_students_of_an_item(run, two):
    code, out, err = run(two, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    seconds = [one for one in found["results"] if one["item_id"] == "stove (second)"]
    assert [(one["backend"], one["form"]) for one in seconds] == [
        ("onnx", "onnx-int8"),
        ("onnx", "onnx-fp32"),
    ]
    assert all(one["rows"] > 20 and not one["wrong"] for one in seconds)
    assert found["not_run"] == []


def test_a_second_that_cannot_run_here_is_no_failure(run, two, monkeypatch):
    for options in ([], ["--backend", "plain"]):
        if not options:
            lacking(monkeypatch, "onnxruntime")
        code, out, _ = run(two, *options)
        assert code == 0
        assert "stove (second)" not in out.partition("not run:")[0]
        assert "onnx-int8 of stove (second)" in out.partition("not run:")[2]


def test_a_second_that_does_not_score_as_it_did_is_one(run, made):
    item = seconds_made.item()
    wrong = with_wrong_rows(item.second.parts, "onnx-int8", (2, 5))
    code, out, err = run(made(replace(item, second=replace(item.second, parts=wrong))))
    assert code == 5
    assert "item 'stove (second)', onnx-int8 on onnx: 2 of" in err
    assert "WRONG" in out


@pytest.mark.parametrize("what", ["kind", "form"])
def test_why_a_second_was_not_run(run, made, what):
    path, why = made(seconds_made.useless(what)), seconds_made.USELESS[what][1]
    code, out, _ = run(path)
    assert code == 0
    (line,) = (line for line in out.splitlines() if line.startswith("the second small model"))
    assert line.startswith("the second small model of 'stove' was not run: ")
    assert why in line
    found = json.loads(run(path, "--json")[1])
    assert found["ok"]
    assert why in found["seconds_not_run"]["stove"]


def test_a_second_that_the_named_backends_cannot_run(run, two):
    found = json.loads(run(two, "--json", "--backend", "plain", "--backend", "numpy")[1])
    assert found["seconds_not_run"] == {"stove": "plain and numpy cannot run it"}
    assert "seconds_not_run" not in json.loads(run(two, "--json")[1])
