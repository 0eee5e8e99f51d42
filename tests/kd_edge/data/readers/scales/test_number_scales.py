from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kd_edge.data.readers.scales.number_scales import NumberScores, doubts, scale_of
from kd_edge.data.scale import Scale


def found(scores, out_of=None):
    """The scale of scores that start in row 2."""
    cells = [(row, str(score)) for row, score in enumerate(scores, start=2)]
    return scale_of(NumberScores(cells, {str(score): score for score in scores}, out_of))


@pytest.mark.parametrize(
    ("scores", "shown"),
    [
        ([0, 1, 2, 3], "0-3"),
        ([0, 2], "0-2"),  # nobody has 1
        ([1, 4], "1-4"),
        ([-1, 2], "-1-2"),
        ([-2, -1, 0, 1, 2], "-2-2"),
        ([0, 1, 2, 5], "0-5"),
        ([0, 2, 4], "0, 2, 4"),
        ([0, 10], "0, 10"),
        ([*range(0, 101, 10)], "0-100 in steps of 10"),
        ([*range(0, 201, 5)], "0-200 in steps of 5"),
        ([0, 37, 52, 71, 99, 100], "0-100"),
        ([0, 0.5, 3], "0-3 in steps of 0.5"),
        ([0, 0.25, 1], "0, 0.25, 0.5, 0.75, 1"),
        ([0, 0.33, 0.67, 1], "0, 0.33, 0.67, 1"),
        ([1, 1.3, 1.7, 2, 2.3], "1, 1.3, 1.7, 2, 2.3"),
        ([0, 250, 333, 1000] * 2, "0, 250, 333, 1000"),
        ([0.5], "0.5"),
    ],
)
def test_scales(scores, shown):
    assert str(found(scores)) == shown


@pytest.mark.parametrize(
    ("scores", "out_of", "shown"),
    [
        ([2, 3], 4, "0-4"),
        ([0, 2, 4], 4, "0-4"),
        ([0.5, 2], 3, "0-3 in steps of 0.5"),
        ([25, 75], 100, "0, 25, 50, 75, 100"),
        ([10, 80], 100, "0-100 in steps of 10"),
        ([5], 4, "0-5"),
    ],
)
def test_a_maximum_belongs_to_the_scale(scores, out_of, shown):
    assert str(found(scores, out_of)) == shown


@given(st.integers(-50, 50), st.integers(1, 60), st.data())
def test_neighbours_make_the_range_that_they_always_made(low, width, data):
    values = [*range(low, low + width + 1)]
    scores = values * 2 + data.draw(st.lists(st.sampled_from(values), max_size=20))
    odd = low in (-1, -7, -8, -9)  # a code, if all others are scores
    if not odd:
        assert found(scores) == Scale.from_range(low, low + width)


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=60),
    st.sampled_from([1, 2, 4, 10, 100, 3]),
)
def test_every_score_is_a_class_or_the_scale_is_refused(wholes, part):
    scores = [round(one / part, 6) for one in wholes]
    scale = found(scores)
    if isinstance(scale, Scale):
        assert {*scores} <= {*scale.values}
        assert len(scale.classes) <= 101
    else:
        assert "far from these" in scale or "more than 101 classes" in scale


@pytest.mark.parametrize(
    ("scores", "parts"),
    [
        ([*[0, 1, 2, 3] * 10, 33], ["most scores are 0 to 3", "33 (row 42)", "--missing 33"]),
        ([*[0, 1, 2, 3] * 10, 99], ["99 (row 42)", "--score-range 0-99"]),
        ([0, 1, 2, 99] * 10, ["99 (10 times, rows 5, 9, 13, 17, 21, 25, 29, 33 and 2 more)"]),
        ([0, 1, 2, 3, 9] * 10, ["9 (10 times"]),
        ([0, 1, 2, 3, 88, 99] * 10, ["88 (10 times", "99 (10 times", "--missing 88 --missing 99"]),
        ([-9, 0, 1, 2, 9] * 10, ["-9 (10 times", "9 (10 times"]),
        ([-1, 0, 1, 2] * 10, ["-1 (10 times"]),
        ([*[0, 1, 2] * 20, -3], ["-3 (row 62)"]),
        ([0, 99] * 10, ["99 (10 times"]),
        ([*[0, 0.5, 1] * 10, 15], ["15 (row 32)", "--score-range 0-15/STEP"]),
        ([0, 1, 2, 45000, 45031] * 5, ["rows 5, 6, 10", "like 45000", "a date"]),
        ([45000, 45031], ["a date"]),
    ],
)
def test_codes_slips_and_dates_are_named(scores, parts):
    text = found(scores)
    assert isinstance(text, str)
    assert [part for part in parts if part not in text] == [], text


@pytest.mark.parametrize(
    "scores",
    [
        [0, 1, 2, 3, 9, 10],
        [*range(0, 101, 5), 99],
        [*range(10)],
        [-1, 0, 1],
        [*[50, 60, 70, 80, 90] * 30, 0],
        [*[0, 1, 2, 3] * 5, 5],
    ],
)
def test_scales_that_are_in_order(scores):
    assert isinstance(found(scores), Scale)


def test_classes_that_are_rare_or_not_there():
    scale = Scale.from_range(0, 6)
    scores = [*[0, 1] * 10, 3]
    rows = [(at, row) for row, at in enumerate(scores, start=2)]
    assert doubts(scale, rows) == (
        "no response has 2, 4 to 6: the small model cannot learn it",
        "only one response has 3 (row 22)",
    )
    assert doubts(Scale.from_range(0, 1), rows[:20]) == ()
    many = doubts(Scale.from_range(0, 100), [(at, at) for at in range(100)])
    assert "100 different scores in 100 responses" in many[-1]
