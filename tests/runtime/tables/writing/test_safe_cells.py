"""No cell that the machine adds is a formula, and none at all where that is asked for."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.tables.writing.safe_cells import SIGNS, safe

CORPUS = Path(__file__).parents[3] / "data" / "tables" / "output"


@pytest.mark.parametrize(
    "cell", ["=1+1", "-Ada", "@ben", "+x", "\t=1", "\r=1", "  =1", "-1+cmd|' /C calc'!A0", "＝1"]
)
def test_what_a_spreadsheet_would_run(cell):
    assert safe(cell) == f"'{cell}"
    assert safe(safe(cell)) == safe(cell)


@pytest.mark.parametrize("cell", ["", "-1", "+2,5", "-1,234.5", "-.5", "+", "--", "1=1", "'=1"])
def test_what_it_would_not(cell):
    assert safe(cell) == cell


@given(st.text(st.sampled_from("=+-@\t\r\n 1a.,'")))
def test_a_safe_cell_is_a_number_or_starts_otherwise(cell):
    made = safe(cell)
    assert made in (cell, f"'{cell}")
    if made == cell and made.strip(SIGNS) and made.lstrip(" ")[:1] in [*SIGNS]:
        assert not any(one.isalpha() for one in made)


def score(*arguments):
    done = CliRunner().invoke(cli, ["score", *map(str, arguments), "-q"])
    if done.exception:
        raise done.exception
    return [*csv.reader(done.stdout_bytes.decode().splitlines())]


def test_the_tables_own_cells(tmp_path):
    bundles_made.write(tmp_path / "one.kdz")
    kept = score(tmp_path / "one.kdz", CORPUS / "formulas.csv")
    made = score(tmp_path / "one.kdz", CORPUS / "formulas.csv", "--safe-cells")
    assert [row[1] for row in kept[1:5]] == ["=1+1", "-Ada", "@ben", "-1.5"]
    assert [row[1] for row in made[1:5]] == ["'=1+1", "'-Ada", "'@ben", "-1.5"]
    assert [row[3:] for row in made] == [row[3:] for row in kept], "scored as they were"


def test_a_bundle_brings_no_formula(tmp_path):
    bundle, table = tmp_path / "one.kdz", tmp_path / "in.csv"
    bundles_made.write(bundle, (bundles_made.item("x", ("=HYPERLINK(1)", "@x"), seed=5),))
    table.write_text("text\nthe ice\n")
    header, row = score(bundle, table)
    assert header[-2:] == ["p_=HYPERLINK(1)", "p_@x"]
    assert row[1] in ("'=HYPERLINK(1)", "'@x")
    header, _ = score(bundle, table, "--prefix", "=")
    assert header[1:3] == ["'=predicted", "'=expected"]
