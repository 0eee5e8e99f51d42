"""A bench for people."""

from __future__ import annotations

import copy

import pytest

from bench_results import DEAD, DOC
from kd_edge_runtime.bench.show import markdown, place, span, table


def cells(lines, start):
    line = next(line for line in lines if line.startswith(start))
    return [cell for cell in line.split("  ") if cell.strip()]


def test_the_table():
    lines = [*table(DOC)]
    assert lines[0] == ("item.kdz: 83,605 bytes; item '1' (1 of 3): bag, 28,044 parameters")
    assert "Raspberry Pi 4, BCM2711, 4 of 4 cores" in lines
    assert "before: 1500 MHz, 48.3 °C, throttled: no, load 0.5" in lines
    assert "after:  1500 MHz, load 0.5" in lines
    told = "\n".join(lines)
    for said in (
        *("21.4 us", "30 us", "100 us", "250 ms", "1,234", "0.4%", "unknown (unstable)"),
        *("25.0 MiB", "34,953 B", "off by 5e-08, 0 classes differ", "0.812", "50,000", "too slow"),
        *("onnx: dies (SIGILL)", "fastest: plain", "1,005", "672", "9.88", "-0.015"),
    ):
        assert said in told, said
    blocks = told.split("\n\n")
    assert [block.split("  ")[0] for block in blocks[1:]] == [
        *("start", "one response", "responses a second, in batches of", "quality"),
        *("onnx: dies (SIGILL)\nfastest: plain", "plain, times"),
    ]


def test_a_wrong_row_is_marked():
    doc = copy.deepcopy(DOC)
    doc["rows"][0]["golden"].update(wrong=2, classes_differ=1, greatest=0.3)
    assert "WRONG: off by 3e-01, 1 classes differ" in "\n".join(table(doc))


def test_nothing_works():
    doc = {**DOC, "rows": [DEAD], "fastest": None}
    told = "\n".join(table(doc))
    assert "onnx: dies (SIGILL)" in told
    assert "fastest" not in told
    assert len([*markdown(doc)]) == 2


@pytest.mark.parametrize("hottest", [None, 81.25])
def test_heat(hottest):
    found = {
        "name": "plain",
        "why": "",
        "seconds": 1800.2,
        "first_per_s": 50_000.0,
        "last_per_s": 25_000.0,
        "slowest_per_s": 20_000.0,
        "last_to_first": 0.5,
        "hottest": hottest,
    }
    last = [*table({**DOC, "sustained": found})][-1]
    assert "plain for 1800 s, 50,000 responses a second at first, 25,000 at the end (0.50" in last
    assert last.endswith("20,000 at the slowest" if hottest is None else "; at most 81.2 °C")
    died = {"name": "plain", "why": "dies (SIGILL)"}
    assert [*table({**DOC, "sustained": died})][-1] == "sustained: plain dies (SIGILL)"


def test_markdown():
    header, marks, *rows = markdown(DOC)
    assert len(rows) == 2  # the fastest, and what it was raced against
    assert {line.replace("\\|", "").count("|") for line in (header, marks, *rows)} == {18}
    assert rows[0].startswith("| Raspberry Pi 4, BCM2711 | Raspbian 12 | 3.11.2 CPython | item.kdz")
    assert r"| a\|b/int8.onnx | unknown |" in rows[1]
    assert rows[1].endswith("| 1,005 |")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *((12.345, "12.3 s"), (1.0, "1 s"), (0.5, "500 ms"), (0.0214, "21.4 ms")),
        *((1e-3, "1 ms"), (999.6e-6, "1000 us"), (2.5e-7, "0.25 us"), (300.2, "300 s")),
    ],
)
def test_spans(seconds, said):
    assert span(seconds) == said


def test_what_a_machine_is_called():
    assert place({"device": None, "cpu": "X", "architecture": "y"}) == "X"
    assert place({"device": "D", "cpu": None, "architecture": "y"}) == "D, y"
    assert place({"device": "D", "cpu": "D", "architecture": "y"}) == "D"
