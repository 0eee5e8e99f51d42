"""What a search tried, as a table, a plot and JSON."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from kd_edge.size_search.frontier import COLUMNS, beaten, cells, write_frontier
from kd_edge.size_search.tried import Limits, Tried, Untrained
from kd_edge.students.registry import BOTH
from kd_edge_runtime.errors import InputError

TRIED = (
    Tried(3500, 8, 8, 28_044, 39_120, 0.82, 0.74, False, 0.03),
    Tried(700, 4, 4, 2_824, 8_100, 0.838, 0.715, True, 0.02),
    Tried(400, 4, 4, 1_624, 6_900, 0.8231, 0.695, True, 0.02),
    Tried(400, 8, 32, 3_224, 6_950, 0.81, 0.69, True, 0.02),
    Tried(0, 0, 0, 4_400_000, 12_000, 0.84, 0.75, False, 1.5, "transformer", (0, 5)),
    Tried(700, 4, 4, 4_402_824, 15_000, 0.845, 0.755, False, 0.52, BOTH, (0, 5), 0.3),
)
UNTRAINED = (Untrained((0, 2, 5), 14_000, 2.25), Untrained((0,), 20_000))
LIMITS = Limits(16_000, 0.5)


def test_cells():
    rows = cells(TRIED, TRIED[1], LIMITS)
    assert [row[0] for row in rows] == ["6,900", "6,950", "8,100", "12,000", "15,000", "39,120"]
    assert rows[2] == ["8,100", "0.020", "bag", "700", "4", "4", "2,824", "0.838", "0.715", "yes"]
    assert rows[3][2:6] == ["layers 0, 5", "", "", ""]
    assert rows[4][2:4] == ["bag, 30% layers 0, 5", "700"]
    assert [row[-1] for row in rows] == ["", "", "yes", "too slow", "too slow", "too large"]
    assert rows[1][5] == "float"
    assert all(len(row) == len(COLUMNS) for row in rows)


def test_what_was_not_trained_stands_among_the_others():
    rows = cells(TRIED, TRIED[1], LIMITS, UNTRAINED)
    assert all(len(row) == len(COLUMNS) for row in rows)
    assert [row[0] for row in rows][4:7] == ["~14,000", "15,000", "~20,000"]
    assert rows[4][1:3] == ["2.250", "layers 0, 2, 5"]
    assert rows[6][1:3] == ["", "layer 0"]
    assert [rows[4][-1], rows[6][-1]] == ["too slow, not trained", "too large, not trained"]


def test_what_is_beaten():
    assert [beaten(size, TRIED) for size in TRIED] == [True, False, False, True, False, False]
    assert not beaten(TRIED[0], [TRIED[0], replace(TRIED[0], ngrams=1)])  # two alike


def test_files(tmp_path):
    plot = tmp_path / "item.frontier.svg"
    figures = write_frontier(plot, TRIED, TRIED[1], LIMITS, UNTRAINED)
    assert (plot.name, figures.name) == ("item.frontier.svg", "item.frontier.json")
    raw = json.loads(figures.read_text())
    assert (raw["limit"], raw["limit_ms"]) == (16_000, 0.5)
    assert raw["chosen"]["ngrams"] == 700
    assert [one["bytes"] for one in raw["tried"]] == [39_120, 8_100, 6_900, 6_950, 12_000, 15_000]
    assert raw["tried"][-1]["layers"] == [0, 5]
    assert [one["beaten"] for one in raw["tried"]] == [True, False, False, True, False, False]
    assert raw["not_trained"][0] == {"layers": [0, 2, 5], "bytes": 14_000, "ms": 2.25}
    root = ET.fromstring(plot.read_text())
    assert root.tag.endswith("svg")
    assert len(plot.read_text()) < 12_000


def test_nothing_chosen(tmp_path):
    limits = Limits(1_000)
    plot = tmp_path / "item.frontier.svg"
    figures = write_frontier(plot, TRIED[:1], None, limits)
    assert json.loads(figures.read_text())["chosen"] is None
    assert plot.is_file()
    assert cells(TRIED[:1], None, limits)[0][-1] == "too large"


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        write_frontier(tmp_path / "file" / "item.svg", TRIED, None, LIMITS)


def test_nothing_tried(tmp_path):
    plot = tmp_path / "item.frontier.svg"
    figures = write_frontier(plot, (), None, Limits(1_000), UNTRAINED)
    assert len(json.loads(figures.read_text())["not_trained"]) == 2
    assert ET.fromstring(plot.read_text()).tag.endswith("svg")
    assert len(cells((), None, Limits(1_000), UNTRAINED)) == 2
