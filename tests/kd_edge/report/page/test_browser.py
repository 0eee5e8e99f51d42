"""Reports in headless Chromium: axe-core, contrast, phones and paper, light and dark."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chromium import run_in_chromium
from kd_edge.evaluation.agreement import MAJORITY
from kd_edge.report.figures.disagreements import disagreements
from kd_edge.report.figures.items import Baseline, item_figures, together
from kd_edge.report.figures.reasons import Reasons
from kd_edge.report.page.all_items import all_items
from kd_edge.report.page.glossary import glossary
from kd_edge.report.page.item import item_blocks
from kd_edge.report.page.render import html
from report_made import FRONT
from scored_made import POINTS, WORDS, made_scored

TESTS = Path(__file__).resolve().parents[3]
SCRIPT = TESTS / "kd_edge" / "page" / "report.browser.mjs"
SHOTS = TESTS.parent / "build" / "report-screenshots"


def explained(text, *classes):
    return Reasons((text, f"from {classes[0]}"), ("eaten",), ("zooplankton",))


def item_of(name, scale, invented=False, **options):
    scored = made_scored(120, scale, **options)
    baselines = {MAJORITY: Baseline(0.3, 0.7, 0.0)}
    item = item_figures(name, scale, scored, "test.csv", "Set so.", "Both.", baselines)
    worst = disagreements(scored, scale, explained)
    front = replace(FRONT, example=worst.typical)
    return item, scored, (item, f"item-{name}", front, worst), {"invented": invented}


def page_of(*items):
    blocks = []
    if len(items) > 1:
        figures, scored = zip(*((item, scored) for item, scored, *_ in items), strict=True)
        blocks += all_items(figures, together(figures, scored), (), 30, samples=False)
    for _, _, arguments, options in items:
        blocks += item_blocks(*arguments, **options)
    return html("Can the small model score?", [*blocks, *glossary()])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    points, words = item_of("points", POINTS, noise=0.5), item_of("words", WORDS, second=False)
    bad = item_of("sample", POINTS, invented=True, noise=1.4)
    for name, items in (("one", [points]), ("all", [points, words, bad])):
        (folder / f"{name}.html").write_text(page_of(*items), encoding="utf-8")
    return folder


def test_reports_in_chromium(folder):
    said = run_in_chromium(SCRIPT, folder, SHOTS)
    assert "fail 0" in said
    assert "pass 6" in said
