"""The sample items are recognised by their texts, whatever their ids; real responses never are."""

from __future__ import annotations

from importlib.resources import files

import pytest

from kd_edge.data.readers import read_responses
from kd_edge.report.figures.items import item_figures
from kd_edge.report.figures.samples import invented
from kd_edge.report.page import sentences
from kd_edge.report.page.item import item_blocks
from kd_edge.report.page.render import html
from pages import Page
from report_made import FRONT
from scored_made import POINTS, made_scored

SAMPLE = files("kd_edge") / "sample"
ITEM = item_figures("one", POINTS, made_scored())


@pytest.mark.parametrize("name", ["wool-ice", "pond-web", "percent-back"])
def test_every_sample_item_is_recognised(name):
    (item,) = read_responses(SAMPLE / name / "responses.csv").items
    texts = [row.text for row in item.rows]
    assert invented(texts)
    assert invented(texts[5:40])
    assert not invented([*texts, "A real response, of more than thirty characters."])


def test_short_texts_are_nobodys():
    assert not invented([])
    assert not invented(["i dont know", "no"])


def test_no_conclusion_from_an_invented_second_rater():
    shown, honest = (
        Page(html("t", list(item_blocks(ITEM, "item-0", FRONT, None, invented=sample))))
        for sample in (False, True)
    )
    assert "Degradation" in shown.text
    assert sentences.SAMPLES in honest.text
    for text in ("Degradation", "Two people", "PRMSE", "second rater's.", "of two people"):
        assert text not in honest.text
    assert not any(row[0] == "second rater" for row in honest.rows)
    assert len(honest.rows) > 20
