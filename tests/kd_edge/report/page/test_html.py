"""The page stands alone, says what the figures are, and lets no text be markup."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from jinja2 import UndefinedError

from kd_edge.data.responses import Scale
from kd_edge.report.figures.disagreements import disagreements
from kd_edge.report.figures.items import Baseline, item_figures
from kd_edge.report.page.blocks import Cell, Heading, Points, Table, Text
from kd_edge.report.page.glossary import glossary
from kd_edge.report.page.item import item_blocks
from kd_edge.report.page.render import html as page
from pages import Page
from report_made import FRONT
from scored_made import POINTS, WORDS, made_scored

NASTY = '<script>alert("1")</script> & <b>bold</b> \x00\x1b\ud800 end'
BASELINES = {"majority class": Baseline(0.3, 0.7, 0.0)}


def made(scale=POINTS, item_id="one", scored=None, name="item-0"):
    scored = scored or made_scored(scale=scale)
    item = item_figures(item_id, scale, scored, "test.csv", "Set so.", baselines=BASELINES)
    worst = disagreements(scored, scale)
    front = replace(FRONT, example=worst.typical)
    return [*item_blocks(item, name, front, worst), *glossary()]


@pytest.fixture(scope="module")
def whole():
    return page("How well", made())


def test_it_stands_alone(whole):
    found = Page(whole)
    assert set(found.links) == {"#item-0", "#meaning"}
    assert not {"script", "link", "iframe", "img", "object", "form"} & set(found.tags)
    assert "url(" not in whole
    assert "http" not in whole.replace("http-equiv", "")
    assert "default-src 'none'" in whole
    assert not any(name.startswith("on") for name, _ in found.attributes)


def test_it_is_whole(whole):
    found = Page(whole)
    assert whole.startswith("<!doctype html>\n")
    assert found.tags.count("h1") == 1
    assert ("lang", "en") in found.attributes
    assert ("name", "viewport") in found.attributes
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links} <= set(found.ids)
    assert all(found.rows)


def test_plots_have_a_title_and_a_description(whole):
    found = Page(whole)
    assert found.tags.count("svg") == found.tags.count("title") - 1 == 4
    assert found.tags.count("desc") == 4
    assert len(found.named_by) == 8
    assert set(found.named_by) <= set(found.ids)
    assert ("role", "img") in found.attributes
    assert found.attributes.count(("aria-hidden", "true")) == 0


def test_plots_stay_in_their_frame(whole):
    for name, size in (("x", 360), ("cx", 360), ("x2", 360), ("y", 270), ("cy", 270), ("y2", 270)):
        places = [float(one) for one in re.findall(rf' {name}="([-0-9.]+)"', whole)]
        assert places
        assert all(0 <= place <= size for place in places), name
    assert not re.search(r"\b(nan|inf)\b", whole)


def test_the_figures_are_there(whole):
    found = Page(whole)
    item = item_figures("one", POINTS, made_scored(), "test.csv")
    who = "small model in PyTorch and on a device"
    row = next(row for row in found.rows if row[0] == who and row[1].endswith("as given"))
    assert row[2] == "80"
    exact = f"{item.bundle.given.exact * 100:.1f}%"
    assert any(exact in row and row[0] == who for row in found.rows)
    assert ["most frequent score", "30.0%", "70.0%", "0.00", "", "", ""] in found.rows
    assert "PRMSE" in found.text
    assert "Set so." in found.text
    assert item.test_rows in found.text


def test_a_figure_outside_its_limit_is_marked_by_more_than_colour():
    rows = ((Cell("a"), Cell("0.20", flagged=True), Cell("0.1")),)
    found = page("t", [Table("T", ("", "x", "y"), rows), Points(("careful",), flagged=True)])
    cells = re.findall(r'<td role="cell" data-head="(.)"( class="flag"[^>]*)?>([^<]*)</td>', found)
    assert cells == [("x", ' class="flag" title="outside the limit"', "0.20 ⚑"), ("y", "", "0.1")]
    assert '<ul class="flags">' in found


def test_no_text_is_markup():
    scored = made_scored()
    scored = replace(
        scored,
        texts=(NASTY,) * 80,
        ids=(NASTY,) * 80,
        groups=(NASTY,) * 80,
        bundle=replace(scored.bundle, flags=(NASTY, *("",) * 79)),
    )
    found = page(NASTY, made(item_id=NASTY, scored=scored))
    parsed = Page(found)
    assert "script" not in parsed.tags
    assert '<script>alert("1")</script> & <b>bold</b> \ufffd\ufffd\ufffd end' in parsed.text
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff]", found)
    found.encode("utf-8")


def test_words_of_classes_are_escaped_in_plots():
    scale = Scale(("<i>", 'a"b&c', "a very long name of a class"), numeric=False)
    parsed = Page(page("t", made(scale, scored=made_scored(scale=WORDS))))
    assert "i" not in parsed.tags
    assert "a very l…" in parsed.text
    assert "QWK is" not in parsed.text


def test_without_responses():
    scored = made_scored()
    item = item_figures("one", POINTS, scored, choice="It is alone.")
    found = page("t", [*item_blocks(item, "item-0", FRONT, None)])
    assert "It is alone." in found
    assert "the words of student" not in found
    assert "What a wrong score looks like" not in found
    assert not re.search(r"\br0\d\d\b", found)
    assert "Worst disagreements" not in found
    assert "the words of student" in page("t", made())


def test_nobody_disagrees():
    scored = made_scored()
    right = replace(scored.bundle, predicted=scored.human)
    scored = replace(scored, bundle=right, teacher=replace(scored.teacher, predicted=scored.human))
    assert "None: all 80 scores equal those of people and large model." in page(
        "t", made(scored=scored)
    )


@pytest.mark.parametrize("options", [{"second": False}, {"groups": ()}, {"rows": 1}, {"rows": 2}])
@pytest.mark.parametrize("scale", [POINTS, WORDS])
def test_little_to_go_by(options, scale):
    parsed = Page(page("t", made(scale, scored=made_scored(scale=scale, **options))))
    assert not re.search(r"\b(nan|inf)\b", parsed.text)
    assert "None" not in parsed.text.replace("None: all", "")
    assert ("No test response has a second score" in parsed.text) == ("second" in options)
    assert ("By group" in parsed.text) == ("groups" not in options)


def test_parts_are_linked_where_there_are_several():
    blocks = [Heading("One & two", 1, "a"), Text("x"), Heading("Three", 1, "b")]
    found = page("t", blocks)
    assert '<a href="#a">One &amp; two</a>' in found
    assert found.count("<section>") == found.count("</section>") == 2
    assert "<nav" not in page("t", blocks[:2])


def test_no_other_block_is_taken():
    with pytest.raises(UndefinedError, match="no attribute 'kind'"):
        page("t", ["text"])
