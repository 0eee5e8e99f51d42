"""Figures as tables, for the terminal and for documents."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from kd_edge.console.tables import markdown, short
from kd_edge.evaluation.agreement import BASELINE, HUMANS, MAJORITY, STUDENT, TEACHER, Line, Sizes
from kd_edge.evaluation.metrics import Agreement
from kd_edge.evaluation.tables import figures_markdown, figures_table, smaller

AGREEMENT = Agreement(responses=557, accuracy=0.8124, adjacent=0.9911, macro_f1=0.7337, qwk=0.8006)
WORDS = Agreement(responses=557, accuracy=0.5, adjacent=None, macro_f1=0.25, qwk=-0.0312)
LINES = (
    Line(HUMANS, AGREEMENT),
    Line(TEACHER, AGREEMENT, 22_713_732, 91_000_000),
    Line(STUDENT, AGREEMENT, 28_044, 41_200),
    Line(BASELINE, AGREEMENT, 28_044, 41_200),
    Line(MAJORITY, WORDS),
)


def _printed(title="Item 'a'", width=200, lines=LINES):
    console = Console(width=width, file=io.StringIO())
    console.print(figures_table(title, lines))
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (612, "612"),
        (999, "999"),
        (1000, "1.00 k"),
        (9_994, "9.99 k"),
        (9_999, "10.0 k"),
        (28_044, "28.0 k"),
        (109_486_978, "109 M"),
        (999_499, "999 k"),
        (999_999, "1.00 M"),
        (22_713_732, "22.7 M"),
        (1_240_000_000, "1.24 G"),
    ],
)
def test_short(number, said):
    assert short(number) == said


@given(st.integers(0, 10**14))
def test_short_is_short_and_near(number):
    digits, _, unit = short(number).partition(" ")
    assert len(digits.replace(".", "")) <= 3
    size = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}[unit]
    assert float(digits) * size == pytest.approx(number, rel=0.0051)


def test_markdown():
    assert markdown(["a", "b"], [["x", "1"], ["y", ""]]) == (
        "| a | b |\n| --- | ---: |\n| x | 1 |\n| y |  |"
    )


def test_figures_as_markdown():
    table = [[cell.strip() for cell in row.split("|")[1:-1]]
             for row in figures_markdown(LINES).splitlines()]  # fmt: skip
    assert table[0][:2] == ["", "QWK"]
    assert table[3] == [TEACHER, "0.801", "0.812", "0.991", "0.734", "22.7 M", "91.0 M"]
    assert table[2] == [HUMANS, "0.801", "0.812", "0.991", "0.734", "", ""]
    assert table[-1] == [MAJORITY, "-0.031", "0.500", "", "0.250", "", ""]
    assert {len(row) for row in table} == {7}


def test_the_terminal_shows_the_same_cells():
    shown = _printed()
    for line in figures_markdown(LINES).splitlines()[2:]:
        row = next(one for one in shown.splitlines() if line.split("|")[1].strip() in one)
        assert [cell.strip() for cell in line.split("|")[1:-1] if cell.strip()] == [
            cell.strip() for cell in row.split("  ") if cell.strip()
        ]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_cuts_no_number(width):
    shown = _printed(width=width)
    assert max(map(len, shown.splitlines())) <= width
    assert "…" not in shown
    for cell in ("0.801", "0.812", "0.991", "0.734", "22.7 M", "91.0 M", "28.0 k", "41.2 k"):
        assert cell in shown


def test_80_columns_need_no_second_line_for_a_name():
    assert STUDENT + " without teacher" in _printed(width=80)


@pytest.mark.parametrize("title", ["Item '[bold]a[/bold]'", "Item '[/]'", "Item ':smile:'"])
def test_a_name_is_no_markup(title):
    assert title in _printed(title)


def test_smaller():
    sizes = Sizes(22_000_000, 90_000_000, 20_000, 30_000, 120_000)
    assert smaller(sizes) == (
        "1,100 times fewer parameters than the teacher; 3,000 times fewer bytes for what a "
        "device reads (30,000 bytes), 750 times for the whole bundle (120,000 bytes)"
    )
