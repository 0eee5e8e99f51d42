"""Plots as files of their own."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from kd_edge.console.svg import Plot, picture

SVG = "{http://www.w3.org/2000/svg}"


def plot(title="a & b"):
    drawn = Plot("x", title, "1 < 2", (0, 10), (0, 1))
    drawn.axes("across", "down", [(0, "0"), (10, "10")], [(0, "0"), (1, "<1>")])
    return drawn


def test_plots_stand_beside_one_another():
    root = ET.fromstring(picture([plot(), plot("c")]))
    assert (root.get("width"), root.get("height")) == ("720", "270")
    first, second = root.findall(f"{SVG}g")
    assert (first.get("transform"), second.get("transform")) == (
        *("translate(0 0)", "translate(360 0)"),
    )
    assert [first.findtext(f"{SVG}title"), second.findtext(f"{SVG}title")] == ["a & b", "c"]
    assert first.findtext(f"{SVG}desc") == "1 < 2"
    assert "<1>" in [text.text for text in first.iter(f"{SVG}text")]


def test_a_note_stays_within_the_plot():
    drawn = plot()
    drawn.note((1, 0.5), "left")
    drawn.note((9, 0.5), "right")
    left, right = drawn.elements[-2:]
    assert left.attributes["text-anchor"] == "start"
    assert float(left.attributes["x"]) > drawn.across(1)
    assert right.attributes["text-anchor"] == "end"
    assert float(right.attributes["x"]) < drawn.across(9)
