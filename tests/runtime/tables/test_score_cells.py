from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kd_edge_runtime.tables.score_cells import class_of, read_score

# As people write them, the points, and the maximum that is written with them.
SCORES = [
    ("2", 2, None),
    ("2.0", 2, None),
    ("2,0", 2, None),
    ("+3", 3, None),
    (",5", 0.5, None),
    ("0.50", 0.5, None),
    ("\u22121", -1, None),
    ("\uff12\uff0e\uff15", 2.5, None),
    ("\u0663", 3, None),
    ("½", 0.5, None),
    ("1½", 1.5, None),
    ("1 1/2", 1.5, None),
    ("-1 3/4", -1.75, None),
    ("1e0", 1, None),
    ("2/4", 2, 4),
    ("3 / 3", 3, 3),
    ("1,5/4", 1.5, 4),
    ("2 out of 4", 2, 4),
    ("2 von 4", 2, 4),
    ("75 %", 75, 100),
    ("75%", 75, 100),
    ("12,5\u00a0%", 12.5, 100),
    ("2 pts", 2, None),
    ("1 Punkt", 1, None),
    ("0,125", 0.125, None),
    ("1.000", 1, None),
    ("0.30000000000000004", 0.3, None),
]


@pytest.mark.parametrize(("cell", "points", "out_of"), SCORES)
def test_numbers(cell, points, out_of):
    assert read_score(cell) == (points, out_of)
    assert isinstance(read_score(cell).points, type(points))


NO_NUMBERS = """
x|-|1-2|1.2.3|1-Jan|2026-02-01|1/0|1,000|12,345|\u00b2|nan|inf|1e30|1 2|--1|1/2/3|B+|2+|1_0|%|
"""


@pytest.mark.parametrize("cell", NO_NUMBERS.strip().split("|"))
def test_what_is_no_number_or_two(cell):
    assert read_score(cell) is None


@given(st.integers(-400, 400), st.sampled_from([0, 1, 2, 3]), st.sampled_from(".,"))
def test_a_number_is_itself_however_it_is_written(quarters, zeros, point):
    value = quarters / 4
    written = f"{value:.2f}" + "0" * (zeros if point == "." else 0)
    assert read_score(f" {written.replace('.', point)} ").points == value
    wide = "".join(chr(ord(one) + 0xFEE0) if one.isdigit() else one for one in written)
    assert read_score(wide).points == value
    assert read_score(f"{written}/{100}") == (value, 100)


@given(st.text(max_size=12))
def test_any_cell_is_read_or_not(cell):
    found = read_score(cell)
    assert found is None or abs(found.points) <= 1e9


@pytest.mark.parametrize(
    ("cell", "classes", "at"),
    [
        ("2.0", "0 1 2", 2),
        ("0,50", "0 0.5 1", 1),
        ("2/4", "0 1 2 3 4", 2),
        ("2/3", "0 1 2 3 4", None),
        ("50 %", "0 50 100", 1),
        ("Right", "wrong right", 1),
        ("1", "wrong right", None),
        ("B", "A B", 1),
        ("3", "0 1 2", None),
        ("", "0 1", None),
    ],
)
def test_the_class_of_a_cell(cell, classes, at):
    assert class_of(cell, classes.split()) == at
