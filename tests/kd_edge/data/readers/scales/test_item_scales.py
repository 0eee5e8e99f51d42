"""Scales of items as a table gives them, next to what else it holds."""

from __future__ import annotations

import csv

import pytest

from kd_edge.data.readers import read_responses
from kd_edge.data.scale import Scale
from kd_edge_runtime.errors import TableError


@pytest.fixture
def read(tmp_path):
    def write_and_read(scores, **options):
        path = tmp_path / "owls.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            rows = [(f"r{n}", f"an owl hunts, {n}", one) for n, one in enumerate(scores)]
            csv.writer(stream).writerows([("response_id", "text", "score"), *rows])
        return read_responses(path, **{"min_rows": 2, **options})

    return write_and_read


def test_none_is_a_class_among_its_like_and_no_score_elsewhere(read):
    item = read(["none", "partial", "full"] * 4).items[0]
    assert item.scale.classes == ("none", "partial", "full")
    assert len(item.rows) == 12
    item = read(["none", "0", "1"] * 4).items[0]
    assert (str(item.scale), len(item.rows)) == ("0-1", 8)


@pytest.mark.parametrize("scores", [["oak", "fir"] * 6, [0, 1, 99] * 4, [0, 1, "1-Jan", "?!x"] * 3])
def test_scores_of_responses_that_teach_nothing_may_be_anything(read, scores):
    with pytest.raises(TableError):
        read(scores)
    assert len(read(scores, scored=False).items[0].rows) == 12


def test_test_responses_have_the_scale_of_the_others(read):
    halves = Scale.from_values((0, 0.5, 1))
    item = read(["0", "1", "1"], scored=False, scales={"owls": halves}).items[0]
    assert (item.scale, [row.score for row in item.rows]) == (halves, [0, 2, 2])
    with pytest.raises(TableError, match=r"row 4, column 'score': '2' is outside"):
        read(["0", "1", "2"], scored=False, scales={"owls": halves})


def test_rare_classes_are_named_before_the_training(read):
    notes = read([0, 1] * 10 + [3]).notes
    assert "no response has 2: the small model cannot learn it" in notes
    assert "only one response has 3 (row 22)" in notes
    assert not any("no response" in note for note in read([0, 1, 3]).notes), "too few to tell"


def test_the_least_may_be_the_best(read):
    item = read([1, 2, 3] * 4, lower_is_better=True).items[0]
    assert (item.scale.classes, item.scale.values) == (("3", "2", "1"), (3, 2, 1))
    assert [row.score for row in item.rows[:3]] == [2, 1, 0]


def test_missing_scores_are_told_by_value(read):
    responses = read(["0", "1", "99", "99.0", "n/k"] * 4, missing=("99", "N/K"))
    assert (len(responses.items[0].rows), str(responses.items[0].scale)) == (8, "0-1")
