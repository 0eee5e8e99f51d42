from __future__ import annotations

import dataclasses

import pytest

from kd_edge.data.responses import Item, LeftOut, Responses, Row, Scale
from kd_edge_runtime.errors import InputError


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


def test_an_item_that_is_left_out_is_told():
    one = Item("a", Scale.from_range(0, 1), ())
    responses = Responses((one,), "f.csv", {}, "utf-8", left_out=(LeftOut("b", "it is small"),))
    with pytest.raises(InputError, match=r"f\.csv: item 'b' is left out: it is small"):
        responses.item("b")
    with pytest.raises(InputError, match=r"holds 2 items \('a', 'b'\)"):
        responses.item()
    assert responses.item("a") is one
