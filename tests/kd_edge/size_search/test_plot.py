"""The frontier as a picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from kd_edge.size_search.plot import frontier_picture
from kd_edge.size_search.tried import Limits, Tried
from kd_edge.students.registry import BOTH, SECOND

NONE = Limits()
SVG = "{http://www.w3.org/2000/svg}"
TRIED = (
    Tried(3500, 8, 8, 28_044, 39_120, 0.82, 0.74, True, 0.03),
    Tried(700, 4, 4, 2_824, 8_100, 0.838, 0.715, True, 0.02),
    Tried(0, 0, 0, 4_400_000, 3_900_000, 0.84, 0.75, True, 1.5, SECOND, (0, 5)),
    Tried(3500, 8, 8, 4_402_824, 3_940_000, 0.845, 0.755, True, 0.52, BOTH, (0, 5), 0.3),
)


def drawn(tried, chosen=None, limits=NONE):
    """Each plot of the picture."""
    return ET.fromstring(frontier_picture(tried, chosen, limits)).findall(f"{SVG}g")


def texts(plot):
    return [text.text for text in plot.iter(f"{SVG}text")]


def dots(plot, kind):
    return [dot for dot in plot.iter(f"{SVG}circle") if f"dot {kind}" == dot.get("class")]


def test_both_axes_and_every_size():
    by_bytes, by_ms = drawn(TRIED, TRIED[3], Limits(8_000_000, 2))
    for plot in (by_bytes, by_ms):
        assert [len(dots(plot, kind)) for kind in ("first", "second", "third", "ring")] == [
            *(2, 1, 1, 1)
        ]
        assert {"bag", "transformer", "bag with a transformer", "QWK"} <= set(texts(plot))
        assert "30% to layers 0, 5" in texts(plot)
        lines = [line.get("class") for line in plot.iter(f"{SVG}polyline")]
        assert lines == ["line limit", "line front"]
    assert {"10 KB", "100 KB", "1 MB"} <= set(texts(by_bytes))
    assert {"0.03 ms", "0.1 ms", "1 ms"} <= set(texts(by_ms))
    about = by_bytes.findtext(f"{SVG}desc")
    assert about.endswith("Chosen: bag with a transformer of layers 0, 5.")


def test_the_front_climbs_and_ends_at_the_right():
    by_bytes, _ = drawn(TRIED)
    (front,) = by_bytes.iter(f"{SVG}polyline")
    across, down = zip(*(map(float, at.split(",")) for at in front.get("points").split()))
    assert list(across) == sorted(across)
    assert list(down) == sorted(down, reverse=True)
    assert across[-1] == 460 - 22
    assert down[0] > down[-1]


def test_marks_are_within_the_plot():
    for plot in drawn(TRIED, None, Limits(16_000, 0.1)):
        for dot in plot.iter(f"{SVG}circle"):
            assert 50 <= float(dot.get("cx")) <= 438
            assert 30 <= float(dot.get("cy")) <= 274


def test_without_times_there_is_one_plot():
    (plot,) = drawn([Tried(700, 4, 4, 2_824, 8_100, 0.838, 0.715, True)])
    assert plot.findtext(f"{SVG}title") == "Agreement by size"


@pytest.mark.parametrize("kappa", [-0.2, 0.0, 1.0])
def test_any_agreement_can_be_drawn(kappa):
    assert len(drawn([Tried(700, 4, 4, 2_824, 8_100, kappa, 0.5, True, 0.02)])) == 2


def test_notes_do_not_cover_one_another():
    crowd = [
        Tried(700 + at, 4, 4, 2_824, 8_100 + at, 0.82 + at / 1e6, 0.7, True, 0.02)
        for at in range(30)
    ]
    (plot, _) = drawn(crowd)
    assert len([text for text in texts(plot) if "n-grams" in text]) == 1


def test_the_same_sizes_make_the_same_file():
    again = frontier_picture(TRIED, TRIED[3], Limits())
    assert frontier_picture(TRIED, TRIED[3], Limits()) == again
    assert not re.search(r"<(script|image|use)", again)
