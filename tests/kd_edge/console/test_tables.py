"""Figures as tables, for the terminal and for documents."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from kd_edge.console.tables import TerminalTable, markdown, short
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
    assert table[3] == ["large model", "0.801", "0.812", "0.991", "0.734", "22.7 M", "91.0 M"]
    assert table[2] == [HUMANS, "0.801", "0.812", "0.991", "0.734", "", ""]
    assert table[-1] == ["most frequent score", "-0.031", "0.500", "", "0.250", "", ""]
    assert {len(row) for row in table} == {7}


def test_the_terminal_shows_the_same_cells():
    shown = _printed()
    for line in figures_markdown(LINES).splitlines()[2:]:
        row = next(one for one in shown.splitlines() if line.split("|")[1].strip() in one)
        assert [cell.strip() for cell in line.split("|")[1:-1] if cell.strip()] == [
            cell.strip() for cell in row.split("  ") if cell.strip()
        ]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
def test_a_narrow_terminal_cuts_no_number_and_breaks_no_word(width):
    shown = _printed("Item 'a'", width=width)
    header = ("QWK", "exact", "(accuracy)", "adjacent", "macro", "F1", "parameters", "bytes")
    for word in (*header, *LINES[0].name.split(), "small", "model", "alone", "frequent"):
        assert word in shown
    assert max(map(len, shown.splitlines())) <= width
    assert "…" not in shown
    for cell in ("0.801", "0.812", "0.991", "0.734", "22.7 M", "91.0 M", "28.0 k", "41.2 k"):
        assert cell in shown


def test_80_columns_need_no_second_line_for_a_name():
    assert "small model alone  " in _printed(width=80)


def test_the_longest_column_is_wrapped_between_words():
    reason = "its host key is not known here: run 'ssh pi@class-7' once and check the key"
    rows = [("a", "failed", "1.0", reason), ("[b]", "installed", "12.0", "")]
    table = TerminalTable("", ("device", "outcome", "seconds", "why"), rows)
    console = Console(width=60, file=io.StringIO())
    console.print(table)
    lines = console.file.getvalue().splitlines()
    assert lines[2].startswith("a       failed         1.0  its host key")
    assert lines[-1].startswith("[b]     installed     12.0")
    at = lines[2].index("its host")
    assert " ".join(line[at:].strip() for line in lines[2:-1]) == reason


def test_the_narrowest_terminal_gets_a_paragraph_a_row():
    table = TerminalTable("Sizes", ("form", "bytes written", "QWK"), [("plain-int8", "1,200", "")])
    console = Console(width=20, file=io.StringIO())
    console.print(table)
    assert console.file.getvalue().split() == ["Sizes", "plain-int8", "bytes", "written", "1,200"]


@pytest.mark.parametrize("title", ["Item '[bold]a[/bold]'", "Item '[/]'", "Item ':smile:'"])
def test_a_name_is_no_markup(title):
    assert title in _printed(title)


def test_smaller():
    sizes = Sizes(22_000_000, 90_000_000, 20_000, 30_000, 120_000)
    assert smaller(sizes) == (
        "The small model has 1,100 times fewer parameters than the large one. It takes 30,000 "
        "bytes on a device (3,000 times fewer), the whole bundle 120,000 bytes (750 times fewer)."
    )
