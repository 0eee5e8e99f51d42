"""What is measured of an item with two students: each of them, and both."""

from __future__ import annotations

import pytest

import bundles_made
import seconds_made
from kd_edge_runtime import backends
from kd_edge_runtime.bench import run as running
from kd_edge_runtime.bench.run import BenchRequest, bench
from kd_edge_runtime.bench.show import table


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """What is timed is not of interest here."""
    monkeypatch.setattr(running, "_CAP", 0.2)


def test_two_students_of_an_item(tmp_path):
    path = tmp_path / "two.kdz"
    bundles_made.write(path, [seconds_made.item()])
    found = bench(BenchRequest(path, backends=("plain", "onnx"), quick=True))
    rows = {row["name"]: row for row in found["rows"]}
    assert {name: row["role"] for name, row in rows.items()} == {
        "plain": "first",
        "onnx": "first",
        "second, onnx": "second",
        "both, plain and onnx": "both",
    }
    assert all(row["state"] == "works" for row in rows.values())
    second, both = rows["second, onnx"], rows["both, plain and onnx"]
    assert second["golden"]["wrong"] == 0
    assert 0 < both["asked"] < 1
    assert both["parameters"] == rows["plain"]["parameters"] + second["parameters"]
    assert max(second["bytes"], rows["plain"]["bytes"]) < both["bytes"]
    assert both["bytes"] < second["bytes"] + rows["plain"]["bytes"]
    assert rows[found["fastest"]]["role"] == "first"
    (line,) = (line for line in table(found) if "in the mean" in line)
    assert f"the second is asked about {both['asked']:.0%} of the texts" in line


def test_a_second_student_that_is_not_here(tmp_path, monkeypatch):
    path = tmp_path / "two.kdz"
    bundles_made.write(path, [seconds_made.item()])
    installed = backends.is_installed
    monkeypatch.setattr(
        backends, "is_installed", lambda name: name != "onnxruntime" and installed(name)
    )
    found = bench(BenchRequest(path, backends=("plain", "onnx"), quick=True))
    states = {row["name"]: row["state"] for row in found["rows"]}
    assert states["plain"] == "works"
    assert states["second, onnx"] == states["both, plain and onnx"] == "not installed"
    assert list(table(found))


@pytest.mark.parametrize("what", seconds_made.USELESS)
def test_a_second_student_that_is_of_no_use(tmp_path, what):
    path, why = tmp_path / "two.kdz", seconds_made.USELESS[what][1]
    bundles_made.write(path, [seconds_made.useless(what)])
    found = bench(BenchRequest(path, backends=("plain", "onnx"), quick=True))
    rows = {row["name"]: row for row in found["rows"]}
    assert rows["plain"]["state"] == rows["onnx"]["state"] == "works"
    lines = "\n".join(table(found))
    if what in seconds_made.DAMAGED:
        alone, both = rows["second, onnx"], rows["both, plain and onnx"]
        assert alone["state"] == both["state"] == "fails"
        assert why in both["why"]
    else:
        assert set(rows) == {"plain", "onnx"}
        assert why in found["bundle"]["second"]["why"]
        assert "not measured: this version of kd-edge-runtime runs none" in lines
    assert why in lines
