from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kd_edge.data.scale import Scale


def test_numeric_scale():
    scale = Scale(("1", "2", "3"), numeric=True)
    assert scale.values == (1, 2, 3)
    assert str(scale) == "1-3"


def test_scale_of_words():
    scale = Scale(("incorrect", "correct"), numeric=False)
    assert scale.values == (0, 1)
    assert str(scale) == "incorrect, correct"


def test_a_scale_of_nothing():
    assert Scale((), numeric=True).values == ()
    assert not Scale.from_classes(()).numeric


@pytest.mark.parametrize(
    "classes",
    [
        ("0", "2", "1"),
        ("0", "one"),
        ("00", "1"),
        ("0.50", "1"),
        ("0", ".5"),
        ("+1", "2"),
        ("-0", "1"),
        ("0,5", "1"),
        ("\u0660", "\u0661"),
    ],
)
def test_a_numeric_scale_needs_plain_numbers_in_order(classes):
    with pytest.raises(ValueError, match="plain numbers"):
        Scale(classes, numeric=True)
    assert not Scale.from_classes(classes).numeric


@pytest.mark.parametrize(
    ("values", "classes", "shown"),
    [
        ((0, 1, 2, 3), ("0", "1", "2", "3"), "0-3"),
        ((0, 0.5, 1), ("0", "0.5", "1"), "0, 0.5, 1"),
        ((0, 5, 10), ("0", "5", "10"), "0, 5, 10"),
        (tuple(n / 2 for n in range(7)), ("0", "0.5", "1", "1.5", "2", "2.5", "3"), None),
        ((6, 5, 4, 3, 2, 1), ("6", "5", "4", "3", "2", "1"), "6-1"),
        ((-1, 0.25, 7), ("-1", "0.25", "7"), "-1, 0.25, 7"),
        ((0, 0.333333, 1), ("0", "0.333333", "1"), "0, 0.333333, 1"),
    ],
)
def test_points_keep_their_values(values, classes, shown):
    scale = Scale.from_values(values)
    assert (scale.classes, scale.values, scale.numeric) == (classes, values, True)
    assert [*map(type, scale.values)] == [int if v == int(v) else float for v in values]
    assert Scale.from_classes(scale.classes) == scale
    assert str(scale) == (shown or "0-3 in steps of 0.5")


def test_a_bundle_whose_half_points_counted_as_words_keeps_them_so():
    old = Scale.from_worth(("0", "0.5", "1"), (0, 1, 2))
    assert (old.numeric, old.values) == (False, (0, 1, 2))
    new = Scale.from_worth(("0", "0.5", "1"), (0, 0.5, 1.0))
    assert (new.numeric, new.values) == (True, (0, 0.5, 1))
    assert Scale.from_worth(("bad", "good"), (0, 1)) == Scale(("bad", "good"), False)


@given(st.lists(st.integers(-4000, 4000), min_size=1, max_size=40, unique=True))
def test_every_quarter_point_is_its_own_value(quarters):
    scale = Scale.from_values([quarter / 4 for quarter in sorted(quarters)])
    assert scale.values == tuple(quarter / 4 for quarter in sorted(quarters))


def test_no_class_twice():
    with pytest.raises(ValueError, match="twice"):
        Scale(("a", "b", "a"), numeric=False)


@settings(deadline=None)
@given(st.integers(-50, 50), st.integers(0, 60))
def test_a_range_is_numeric_and_worth_its_numbers(low, width):
    scale = Scale.from_range(low, low + width)
    assert scale.values == tuple(range(low, low + width + 1))
    assert Scale.from_classes(scale.classes) == scale


def test_steps():
    assert (Scale.from_range(0, 3).step, Scale.from_values((0, 0.5, 3)).step) == (1, 1.5)
    assert Scale.from_values((6, 5, 4)).step == 1
    assert [Scale.from_values(values).even for values in ((0, 5, 10), (0, 0.1, 0.2, 0.3))] == [
        True
    ] * 2
    assert not Scale.from_values((0, 0.5, 3)).even


def test_the_other_way_round():
    grades = Scale.from_range(1, 6).turned()
    assert (grades.classes[0], grades.values[-1], str(grades)) == ("6", 1, "6-1")
    assert grades.turned() == Scale.from_range(1, 6)
