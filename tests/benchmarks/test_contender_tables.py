"""The race's tables, from results of every kind: all there, some left out, none fine-tuned."""

from __future__ import annotations

import copy
import json

import pytest

from benchmarks import record
from benchmarks.contender_tables import (
    ASAP,
    MPNET,
    SAMPLE,
    paper,
    race,
    rate,
    seconds,
    starts,
    times,
)
from benchmarks.contenders.contender_list import OURS
from kd_edge.evaluation.agreement import BASELINE, FIRST, TEACHER

AGREEMENT = {"responses": 10, "accuracy": 0.7, "adjacent": 1.0, "macro_f1": 0.7, "qwk": 0.8}


def level(value, ratio=1.0):
    some = {"median": value, "low": value * 0.9, "high": value * 1.1}
    return {"seconds": some, "ratio": {"median": ratio, "low": ratio * 0.9, "high": ratio * 1.1}}


def contender(name, ratio=1.0, parameters=28_044, size=40_000, accuracy=0.7, note=""):
    return {
        "name": name,
        "parameters": parameters,
        "bytes": size,
        "note": note,
        "test": None if accuracy is None else {**AGREEMENT, "accuracy": accuracy},
        "peak_kib": {"first": 10_000, "one": 10_240 * ratio, "batch": 20_000},
        "cold": level(0.05 * ratio, ratio),
        "one": level(25e-6 * ratio, ratio),
        "batch": level(20e-6 * ratio, ratio),
    }


FIGURES = {
    "contenders": [
        contender(OURS),
        contender("student without teacher, plain", accuracy=0.64),
        contender("teacher (MiniLM), PyTorch", 1500.0, 22_700_000, 91_000_000, 0.76),
        contender("teacher (MiniLM), ONNX int8", 400.0, 22_700_000, 23_000_000, 0.75),
        contender("TinyBERT, ONNX fp32", 200.0, 14_350_000, 58_000_000, 0.55, "not pretrained"),
        contender("TinyBERT, ONNX int8", 120.0, 14_350_000, 15_000_000, 0.55, "not pretrained"),
        contender("mpnet-base, PyTorch", 9000.0, 109_000_000, 438_000_000, None, "not fine-tuned"),
    ],
    "left out": {"SetFit on MiniLM": "setfit==1.2.0 could not be installed"},
    "starts": {
        "kd-edge score": {"median": 0.05, "low": 0.049, "high": 0.06},
        "import onnxruntime": {"median": 0.2, "low": 0.19, "high": 0.3},
    },
    "start against import": {"median": 0.25, "low": 0.222, "high": 0.278},
}

MPNET_FIGURES = {
    "options": {"variants": 4000},
    "item": {
        "lines": [
            {"name": who, "agreement": {**AGREEMENT, "accuracy": accuracy}}
            for who, accuracy in ((TEACHER, 0.81), (FIRST, 0.72), (BASELINE, 0.7))
        ]
    },
}


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "RESULTS", tmp_path)

    def write(figures):
        for name in (ASAP, SAMPLE):
            (tmp_path / f"{name}.json").write_text(json.dumps({"figures": figures}))
        (tmp_path / f"{MPNET}.json").write_text(json.dumps({"figures": MPNET_FIGURES}))

    write(FIGURES)
    return write


def cells(table):
    """The rows of a Markdown table by their first cell; headers may be there twice."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert len({len(row) for row in rows}) == 1
    return {row[0]: row[1:] for row in rows[2:]}


@pytest.mark.usefixtures("results")
def test_every_contender_has_a_row_and_who_is_left_out_a_reason():
    rows = cells(race(ASAP))
    assert list(rows) == [
        f"**{OURS}**",
        *(one["name"] for one in FIGURES["contenders"][1:]),
        "SetFit on MiniLM",
    ]
    assert rows["SetFit on MiniLM"] == [*[""] * 14, "setfit==1.2.0 could not be installed"]


@pytest.mark.usefixtures("results")
def test_a_row_holds_figures_and_ratios_to_our_default():
    row = cells(race(SAMPLE))["TinyBERT, ONNX int8"]
    assert row == [
        *("0.800", "0.550", "14.4 M", "15.0 M", "375", "1200", "120"),
        *("6.00 s", "120", "3.00 ms", "120", "108 to 132", "417", "120", "not pretrained"),
    ]


@pytest.mark.usefixtures("results")
def test_without_a_fine_tuning_there_is_no_agreement():
    assert cells(race(ASAP))["mpnet-base, PyTorch"][:2] == ["", ""]


@pytest.mark.usefixtures("results")
def test_the_papers_figures_stand_beside_ours():
    rows = cells(paper())
    assert rows["student, parameters"] == ["0.03 M", "28,044", "28,044"]
    assert rows["times fewer parameters than the teacher"] == ["4,000", "809", "3,890"]
    assert rows["times faster than the teacher in PyTorch"] == ["not given", "1,500", "9,000"]
    assert rows["times faster than TinyBERT"] == ["10", "200", "200"]
    assert rows["the same, TinyBERT in int8"] == ["", "120", "120"]
    own = "accuracy over the same network without teacher, points"
    assert rows[own] == ["+3", "+6.0", "+2.0, 4,000 variants"]
    assert rows["accuracy over TinyBERT, points"] == [
        *("+2", "+15.0 (not pretrained)", "+17.0 (not pretrained), 4,000 variants")
    ]
    assert rows["accuracy over the teacher, points"] == ["", "-6.0", "-9.0, 4,000 variants"]


def test_contenders_that_are_missing_leave_cells_blank(results):
    figures = {**FIGURES, "contenders": FIGURES["contenders"][:2]}
    results(figures)
    rows = cells(paper())
    assert rows["times faster than TinyBERT"] == ["10", "", ""]
    assert rows["accuracy over TinyBERT, points"] == ["+2", "", ""]


def test_a_system_without_peaks_leaves_cells_blank(results):
    figures = copy.deepcopy(FIGURES)
    for one in figures["contenders"]:
        one["peak_kib"] = {"first": None, "one": None, "batch": None}
    results(figures)
    assert cells(race(ASAP))["TinyBERT, ONNX int8"][5:7] == ["", ""]


@pytest.mark.usefixtures("results")
def test_a_start_is_held_against_the_import():
    rows = cells(starts(ASAP))
    assert rows["`kd-edge score`"] == ["50.0 ms (49.0 ms to 60.0 ms)"]
    assert rows["the score as a share of the import"] == ["0.25 (0.22 to 0.28)"]


@pytest.mark.parametrize(
    ("number", "said"), [(0.94, "0.9"), (9.94, "9.9"), (9.96, "10"), (142_267.4, "142,267")]
)
def test_rates(number, said):
    assert rate(number) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0.934, "0.93"),
        (1.0, "1.0"),
        (0.9974, "1.0"),
        (4.06, "4.1"),
        (9.96, "10.0"),
        (57.4, "57"),
        (1239.6, "1,240"),
        (12345.0, "12,300"),
    ],
)
def test_ratios(number, said):
    assert times(number) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (25.14e-6, "25.1 µs"),
        (3.4e-3, "3.40 ms"),
        (0.0999, "99.9 ms"),
        (0.4321, "432 ms"),
        (1.2, "1.20 s"),
        (12.34, "12.3 s"),
        (9.99e-6, "9.99 µs"),
    ],
)
def test_times(number, said):
    assert seconds(number) == said
