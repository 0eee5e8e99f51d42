from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.reading.sources import open_source
from kd_edge_runtime.tables.score import Request, score_responses
from kd_edge_runtime.tables.writing import xlsx_out

SAMPLE = Path(__file__).parents[3] / "bundles" / "protocol-1.kdz"
HEADER = ("id", "text", "points", "more")


@pytest.fixture
def scored(tmp_path):
    def scored(*rows, name="out.xlsx"):
        table = tmp_path / "in.csv"
        with table.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADER, *rows])
        output = tmp_path / name
        score_responses(Request(str(table), SAMPLE, output=output, item_id="stove", quiet=True))
        return output

    return scored


def cells(path):
    return [
        [(cell.value, cell.data_type) for cell in row] for row in load_workbook(path).active.rows
    ]


def test_texts_are_texts_and_numbers_numbers(scored):
    header, first, second = cells(scored(("007", "=1+1", "2", "1.50"), ("12", "", "-", "007")))
    assert [value for value, _ in header[:5]] == [*HEADER, "predicted"]
    assert first[:4] == [("007", "s"), ("=1+1", "s"), (2, "n"), (1.5, "n")]
    assert second[:4] == [("12", "s"), (None, "n"), ("-", "s"), ("007", "s")]
    assert {kind for _, kind in [*first[4:7], *first[8:]]} == {"n"}
    assert second[7] == ("empty", "s")


def test_the_same_scores_as_in_a_csv_and_the_same_bytes_again(scored):
    rows = (("a", "the ice melts", "1", ""), ("b", "warm air", "2", "x"))
    with scored(*rows, name="out.csv").open(encoding="utf-8") as file:
        written = [*csv.reader(file)]
    output = scored(*rows)
    for row, (line, workbook_row) in enumerate(zip(written, cells(output))):
        found = ["" if value is None else value for value, _ in workbook_row]
        if row:
            line[4:7] = map(float, line[4:7])
            line[8:] = map(float, line[8:])
            line[2] = int(line[2])
        assert line == found
    before = output.read_bytes()
    assert scored(*rows).read_bytes() == before


def test_characters_that_xml_cannot_hold_come_back(scored):
    text = "a & <b> ]]> \x01 \x0b _x0041_ tab\t two\nlines \r\n ' \" 語 \U0001f600 "
    with open_source(scored(("a", text, "1", ""))) as table:
        assert [row[1] for _, rows in table.batches() for row in rows] == [text]


def test_what_is_cut_is_told(scored, capsys):
    output = scored(("a", "x" * 40_000, "1", ""))
    assert len(cells(output)[1][1][0]) == 32_767
    assert "1 text was cut to 32,767 characters" in capsys.readouterr().err


def test_more_rows_than_a_sheet_has(scored, monkeypatch, tmp_path):
    monkeypatch.setattr(xlsx_out, "MOST_ROWS", 2)
    with pytest.raises(InputError, match="2 rows at most"):
        scored(("a", "x", "1", ""), ("b", "y", "1", ""))
    assert not (tmp_path / "out.xlsx").exists()
