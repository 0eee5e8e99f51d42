"""Plots show the figures: bars as high as shares, cells with their counts, lines where they are."""

from __future__ import annotations

import re

import pytest

from kd_edge.console.svg import Plot
from kd_edge.report.figures.confidence import REVIEWED
from kd_edge.report.figures.items import item_figures
from kd_edge.report.page import plots
from kd_edge.report.page.numbers import number, percent, points, signed
from kd_edge.report.page.render import PAGES
from scored_made import POINTS, made_scored

ITEM = item_figures("one", POINTS, made_scored())


def drawn(plot):
    return PAGES.get_template("plot.svg").render(plot=plot)


def line(markup, kind):
    found = re.search(rf'<polyline class="line {kind}" points="([^"]*)"', markup)[1]
    return [tuple(map(float, pair.split(","))) for pair in found.split()]


def test_distribution():
    plot = plots.distribution(ITEM, "a")
    markup = drawn(plot)
    for kind, shares in (
        ("human", ITEM.human_shares),
        ("teacher", ITEM.teacher.shares),
        ("student", ITEM.bundle.shares),
    ):
        bars = re.findall(
            rf'<rect class="{kind}" x="[^"]*" y="([^"]*)" \S* height="([^"]*)"', markup
        )
        bars = [(float(top), float(height)) for top, height in bars]
        # the legend's swatch is the last
        assert len(bars) == 5
        for (top, height), share in zip(bars, shares, strict=False):
            assert top == pytest.approx(plot.down(share), abs=0.06)
            assert top + height == pytest.approx(plot.down(0), abs=0.2)
    gap = max(abs(a - b) for a, b in zip(ITEM.human_shares, ITEM.bundle.shares, strict=True))
    assert points(gap) in plot.description


def test_confusion():
    plot = plots.confusion(ITEM, "a")
    said = re.findall(r'<text class="count" x="([^"]*)" y="([^"]*)"[^>]*>([^<]*)<', drawn(plot))
    found = {(round(float(x)), round(float(y))): text for x, y, text in said}
    assert len(found) == 16
    columns = sorted({x for x, _ in found})
    rows = sorted({y for _, y in found})
    for human, row in enumerate(ITEM.bundle.confusion):
        for machine, count in enumerate(row):
            assert found[columns[machine], rows[human]] == (str(count) if count else "")
    right = sum(row[at] for at, row in enumerate(ITEM.bundle.confusion))
    assert plot.description.startswith(f"{right} of 80 responses")


def test_reliability():
    sure = ITEM.bundle.sureness
    plot = plots.reliability(sure, "a")
    markup = drawn(plot)
    dots = re.findall(r'<circle class="dot student" cx="([^"]*)" cy="([^"]*)"', markup)
    wanted = [(plot.across(one.confidence), plot.down(one.exact)) for one in sure.pooled]
    assert [tuple(map(float, pair)) for pair in dots] == [
        pytest.approx(pair, abs=0.06) for pair in wanted
    ]
    bars = re.findall(
        r'<line class="interval student" x1="([^"]*)" y1="([^"]*)" x2="([^"]*)" y2="([^"]*)"',
        markup,
    )
    upright = [tuple(map(float, bar)) for bar in bars if bar[0] == bar[2]]
    at = [plot.across(one.confidence) for one in sure.pooled]
    assert upright == [
        pytest.approx(
            (x, plot.down(one.low), x, plot.down(one.high)),
            abs=0.06,
        )
        for x, one in zip(at, sure.pooled, strict=True)
    ]
    assert len(sure.pooled) == 4
    assert "in 4 groups of about 20 responses" in plot.description
    (left, low), (right, high) = line(markup, "even")
    assert (left, low) == pytest.approx((plot.across(0), plot.down(0)))
    assert (right, high) == pytest.approx((plot.across(1), plot.down(1)))


def test_review():
    plot = plots.review(ITEM.teacher.sureness, ITEM.bundle.sureness, "a")
    for kind, sure in (("teacher", ITEM.teacher.sureness), ("student", ITEM.bundle.sureness)):
        wanted = [
            (plot.across(share), plot.down(kept))
            for share, kept in zip(REVIEWED[:16], sure.kept, strict=False)
        ]
        assert REVIEWED[15] == 0.75, "of 80 responses 20 are left"
        assert line(drawn(plot), kind) == [pytest.approx(pair, abs=0.06) for pair in wanted]
    assert percent(ITEM.bundle.sureness.at(0.2)) in plot.description


def test_what_a_plot_says_is_no_markup():
    plot = Plot("a", "<b> & c", "<i> & d", (0, 1), (0, 1))
    plot.legend([("human", "<u>")])
    markup = drawn(plot)
    assert '<title id="a-title">&lt;b&gt; &amp; c</title>' in markup
    assert '<desc id="a-text">&lt;i&gt; &amp; d</desc>' in markup
    assert "&lt;u&gt;</text>" in markup


def test_numbers():
    assert (number(None), signed(None), percent(None)) == ("", "", "")
    assert (number(0.825), number(-0.001), number(-0.5)) == ("0.82", "0.00", "-0.50")
    assert (signed(0.1), signed(-0.1), signed(-0.001)) == ("+0.10", "-0.10", "+0.00")
    assert (percent(0.8249), percent(0.8249, 1), points(-0.0325)) == (
        "82%",
        "82.5%",
        "3.2 points",
    )
