"""A run of two criteria of one response: the sum in report and bundle."""

from __future__ import annotations

import json
from dataclasses import replace

from kd_edge.data.responses import Responses
from kd_edge.report.make import make_report
from kd_edge.runs.run import run
from kd_edge_runtime.scorer import Scorer
from workshop import item_of, run_options


def test_the_sum_of_two_criteria(tiny_model, tmp_path):
    items = tuple(
        replace(item_of(60, name), part_of="essay") for name in ("essay: content", "essay: style")
    )
    report = run(Responses(items, "r.csv", {}, "utf-8"), tmp_path, run_options(tiny_model))
    (found,) = report.sums
    assert (found.name, found.items) == ("essay", ("essay: content", "essay: style"))
    # The same fifth of both, so that each test response has both scores.
    assert found.responses == report.items[0].rows["test"] == 12
    assert [line.name for line in found.lines] == ["teacher", "student"]
    assert "the same for all criteria" in report.items[0].test_rows
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert told["sums"][0]["lines"][1]["qwk"] == found.lines[1].qwk
    with Scorer.open(tmp_path / "bundle.kdz") as scorer:
        assert [entry.part_of for entry in scorer.bundle.manifest.items] == ["essay", "essay"]
    written = make_report(tmp_path, tmp_path)
    assert json.loads(json.dumps(written.figures["sums"])) == told["sums"]
    assert "Sum of essay: content, essay: style: 12 responses" in (
        tmp_path / "report.md"
    ).read_text(encoding="utf-8")


def test_without_criteria_there_is_no_sum(tiny_model, tmp_path):
    items = (item_of(60, "ice"),)
    report = run(Responses(items, "r.csv", {}, "utf-8"), tmp_path, run_options(tiny_model))
    assert report.sums == ()
    assert "sums" not in json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
