"""The benchmark of the core as WebAssembly: a small run of it."""

from __future__ import annotations

import shutil

import pytest

import zig
from benchmarks import record, wasm_speed


@pytest.mark.slow
def test_a_small_run(tmp_path):
    zig.need(shutil.which("node"), "node (apt-get install nodejs)")
    rows = [f'"The ice melts since it is {at} degrees.",{at % 3}' for at in range(30)]
    (tmp_path / "r.csv").write_text("\n".join(["text,score", *rows]), encoding="utf-8")
    figures = wasm_speed.measure(tmp_path, tmp_path / "r.csv", rounds=2)
    assert figures["responses"] == 30
    for rules in (1, 2):
        found = figures[f"rules {rules}"]
        for what in ("one", "batch"):
            assert found[what]["wasm"] >= 0
            assert found[what]["plain"] > 0


def test_the_figures_are_of_what_is_packaged():
    found = record.read("wasm")["figures"]["bytes"]
    assert found["core packed"] <= 20 * 1024
    assert found["core"] <= 60 * 1024
