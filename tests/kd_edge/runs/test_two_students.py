"""A run with two students: trained, put into one bundle, measured together and each by itself."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kd_edge.data.responses import Responses
from kd_edge.distillation.cascade import CascadeOptions
from kd_edge.evaluation.agreement import BASELINE, FIRST, MAJORITY, SECOND, STUDENT, TEACHER
from kd_edge.report.figures.collect import collect
from kd_edge.report.make import make_report
from kd_edge.runs.folder import BUNDLE, REPORT
from kd_edge.runs.run import run
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.scorer import Scorer
from workshop import SMALL, item_of, run_options


@pytest.fixture(scope="module")
def finished(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two") / "out"
    options = run_options(tiny_model, student="both", second_options=SMALL["transformer"])
    options = replace(options, cascade=CascadeOptions(share=0.5))
    responses = Responses((item_of(120),), "responses.csv", {}, "utf-8")
    return folder, run(responses, folder, options)


def test_its_lines(finished):
    _, report = finished
    (item,) = report.items
    lines = {line.name: line for line in item.lines}
    assert [*lines] == [TEACHER, STUDENT, FIRST, SECOND, BASELINE, MAJORITY]
    first, second, both = lines[FIRST], lines[SECOND], lines[STUDENT]
    assert both.parameters == first.parameters + second.parameters
    assert both.bytes == first.bytes + second.bytes
    assert second.bytes > first.bytes
    assert lines[BASELINE].parameters == first.parameters
    assert (item.sizes.student_parameters, item.sizes.plain_bytes) == (both.parameters, both.bytes)
    assert item.review.responses == item.cascade.responses == item.rows["validation"]
    assert 0 < item.cascade.share <= 0.5


def test_its_bundle(finished):
    folder, report = finished
    with Bundle(folder / BUNDLE) as bundle:
        entry = bundle.manifest.items[0]
        assert entry.second.student == "transformer"
        card = bundle.read(bundle.manifest.card).decode()
    assert str(report.items[0].cascade) in card
    assert "by itself" in card
    with Scorer.open(folder / BUNDLE) as scorer:
        assert scorer.second().backend == "onnx"


def test_its_report(finished):
    folder, report = finished
    raw = json.loads((folder / REPORT).read_text())["items"][0]
    assert raw["cascade"]["share"] == report.items[0].cascade.share
    (item,) = collect(folder).items
    assert str(report.items[0].cascade) in item.choice
    assert {FIRST, SECOND, BASELINE, MAJORITY} == set(item.baselines)
    # PyTorch's two together score as the bundle's do, but for rounded numbers.
    assert item.student.shares == pytest.approx(item.bundle.shares, abs=0.1)
    written = make_report(folder, folder / "report").files
    pages = [path.read_text(encoding="utf-8") for path in written]
    assert all("first small model by itself" in page for page in pages)
    assert all("The second model is asked about" in page for page in pages)


def test_with_one_student_nothing_is_said(whole_way):
    raw = json.loads((whole_way.folder / REPORT).read_text())["items"][0]
    assert "cascade" not in raw
    assert {line["name"] for line in raw["lines"]}.isdisjoint({FIRST, SECOND})
