from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kd_edge.data.responses import Item, Responses, Row, Scale
from kd_edge_runtime.errors import InputError


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
    "classes", [("0", "2"), ("1", "0"), ("0", "one"), ("00", "1"), ("\u0660", "\u0661")]
)
def test_a_numeric_scale_needs_consecutive_integers(classes):
    with pytest.raises(ValueError, match="consecutive"):
        Scale(classes, numeric=True)
    assert not Scale.from_classes(classes).numeric


def test_no_class_twice():
    with pytest.raises(ValueError, match="twice"):
        Scale(("a", "b", "a"), numeric=False)


@settings(deadline=None)
@given(st.integers(-50, 50), st.integers(0, 60))
def test_a_range_is_numeric_and_worth_its_numbers(low, width):
    scale = Scale.from_range(low, low + width)
    assert scale.values == tuple(range(low, low + width + 1))
    assert Scale.from_classes(scale.classes) == scale


def test_rows_cannot_be_changed():
    row = Row("r1", "i", "text", 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.text = "other"  # type: ignore[misc]
    assert (row.score2, row.group, row.split) == (None, None, None)


def test_finds_an_item_or_says_which_there_are():
    items = tuple(Item(name, Scale.from_range(0, 1), ()) for name in ("a", "b"))
    responses = Responses(items, "file.csv", {}, "utf-8")
    assert responses.item("b") is items[1]
    with pytest.raises(InputError, match=r"file\.csv: no item 'c' \(there are: 'a', 'b'\)"):
        responses.item("c")
