"""The columns that scoring adds: their names, and how they are written."""

from __future__ import annotations

import csv
import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.errors import TableError
from kd_edge_runtime.scorer import Score
from kd_edge_runtime.tables.columns import machine_header
from kd_edge_runtime.tables.writing.lines import machine_text, quoter


def test_machine_header():
    classes = ["0", "right"]
    names = ["predicted", "expected", "confidence", "flag", "p_0", "p_right"]
    assert machine_header(classes, ["id", "text", "score"], "", "t") == names
    prefixed = [f"m_{name}" for name in names]
    assert machine_header(classes, ["flag", "p_0"], "m_", "t") == prefixed
    with pytest.raises(TableError) as caught:
        machine_header(classes, ["flag", "text", "p_0"], "", "t")
    for part in ("column 'flag'", "column 'p_0'", "--prefix m_", "2 problems"):
        assert part in str(caught.value)


@given(st.lists(st.text(st.sampled_from("a \"',;\t\r\n\\é\0")), min_size=2), st.sampled_from(",\t"))
def test_fields_are_quoted_as_the_csv_module_quotes_them(fields, delimiter):
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerow(fields)
    assert delimiter.join(map(quoter(delimiter), fields)) + "\r\n" == file.getvalue()


def test_machine_text():
    manifest = Manifest("", "", {}, (), {}, "", {})  # type: ignore[arg-type]
    assert manifest.items == ()
    score = Score("1", 0.75, 0.75, "", (0.25, 0.75))
    entry = bundles_made.item("x", ("0", "1"), seed=5)
    assert machine_text(entry, ["right", "1", "0"], ",")(score) == (
        ",0.7500,0.7500,,,0.750000,0.250000\n"
    )
    flagged = score._replace(flag="review")
    assert machine_text(entry, ["0", "right", "1"], "\t")(flagged) == (
        "\t0.7500\t0.7500\treview\t0.250000\t\t0.750000\n"
    )


@pytest.mark.parametrize("expected", [0.75, -0.0, 12345678.5])
@pytest.mark.parametrize("classes", [["0", "1"], ["right", "0", "1", "wrong"], ["1", "0"]])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "\u00a6"])
def test_the_core_writes_the_same_text(monkeypatch, expected, classes, delimiter):
    pytest.importorskip("kd_edge_core")
    entry = bundles_made.item("x", ("0", "1"), seed=5)
    score = Score("1", expected, 2 / 3, "review", (1 / 3, 2 / 3))
    by_core = machine_text(entry, classes, delimiter, "\r\n")(score)
    monkeypatch.delitem(sys.modules, "kd_edge_core")
    assert machine_text(entry, classes, delimiter, "\r\n")(score) == by_core
