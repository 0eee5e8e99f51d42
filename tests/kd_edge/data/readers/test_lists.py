from __future__ import annotations

import pytest

from kd_edge.data.readers.lists import listed, listed_rows


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a, b"),
        (["a", "b", "c"], "a, b and 1 more"),
        (list("a" * 1202), "a, a and 1,200 more"),
    ],
)
def test_the_first_names_and_how_many_more(names, expected):
    assert listed(names, 2) == expected


def test_rows_are_in_their_order():
    assert listed_rows([7]) == "row 7"
    assert listed_rows([9, 2, 5], 2) == "rows 2, 5 and 1 more"
