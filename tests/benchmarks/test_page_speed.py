"""The benchmark of a page: a small run of it, and the figures that were measured."""

from __future__ import annotations

import shutil

import pytest

import zig
from benchmarks import page_speed, record


@pytest.mark.slow
def test_a_small_run(tmp_path):
    zig.need(shutil.which("node") and shutil.which("chromium"), "node and chromium (apt-get)")
    there = (page_speed.TOOLS / "node_modules" / "puppeteer-core").is_dir()
    zig.need(there, "puppeteer-core (make page-tools)")
    rows = [f'"The ice melts since it is {at} degrees.",{at % 3}' for at in range(30)]
    (tmp_path / "r.csv").write_text("\n".join(["text,score", *rows]), encoding="utf-8")
    found = page_speed.measure(tmp_path, tmp_path / "r.csv", rows=200, rounds=1)
    assert found["rows"] == 200
    assert found["bytes"]["page"] > found["bytes"]["bundle"]
    assert found["first score, ms"]["least"] > 0
    assert found["longest task, ms"]["clock"] > 0
    assert found["table, s"]["page"] > 0
    assert found["browser"].startswith("Chrome/")


def test_the_figures_are_what_a_page_may_cost():
    found = record.read("page")["figures"]
    assert found["bytes"]["page"] <= 150_000
    assert found["rows"] == 100_000
    assert found["longest task, ms"]["processor"] <= 100
    assert found["table, s"]["page"] <= found["table, s"]["plain"]
