"""Parquet in and out: the table's own columns keep their types, and the scores are numbers."""

from __future__ import annotations

import datetime as dt
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bundles_made
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.score import Request, score_responses
from kd_edge_runtime.tables.writing import parquet_out

ROWS = 40


@pytest.fixture
def made(tmp_path):
    bundles_made.write(tmp_path / "two.kdz", bundles_made.two_items())
    table = pa.table(
        {
            "id": pa.array(range(ROWS), pa.int16()),
            "item": pa.array(["stove", "spoon"] * (ROWS // 2)).dictionary_encode(),
            "text": [f"the ice melts {at}" if at % 5 else None for at in range(ROWS)],
            "when": pa.array([dt.date(2026, 1, 1 + at % 9) for at in range(ROWS)]),
            "tags": pa.array([["a", str(at)] if at % 2 else None for at in range(ROWS)]),
            "": pa.array([1.5, float("nan")] * (ROWS // 2), pa.float32()),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=11)
    return tmp_path, table


def score(folder, output, source="in.parquet", **more):
    score_responses(Request(str(folder / source), folder / "two.kdz", output=output, **more))
    return output


def test_types_are_kept_and_scores_are_numbers(made, monkeypatch):
    folder, table = made
    monkeypatch.setattr(parquet_out, "GROUP", 16)
    out = score(folder, folder / "out.parquet", quiet=True)
    found = pq.read_table(out)
    # Compared as text: not-a-number is not the same as itself.
    assert str(found.select(range(6)).to_pylist()) == str(table.to_pylist())
    assert found.column_names[:6] == table.column_names
    assert found.schema.types[:6] == table.schema.types
    assert pq.ParquetFile(out).num_row_groups > 1
    lines = score(folder, folder / "out.jsonl", as_json=True, quiet=True)
    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    for name in found.column_names[6:]:
        assert found.column(name).to_pylist() == [row.get(name) for row in rows], name
    assert found.schema.field("expected").type == pa.float64()


def test_rows_that_are_left_out_are_left_out_of_all_columns(made):
    folder, table = made
    items = ["lid" if at in (3, 20, 39) else "stove" for at in range(ROWS)]
    at = table.schema.get_field_index("item")
    pq.write_table(table.set_column(at, "item", pa.array(items)), folder / "bad.parquet")
    out = score(folder, folder / "o.parquet", "bad.parquet", skip_bad_rows=True, quiet=True)
    found = pq.read_table(out)
    assert found.column("id").to_pylist() == [at for at in range(ROWS) if at not in (3, 20, 39)]
    with pytest.raises(InputError, match="row 5, column 'item'"):
        score(folder, folder / "none.parquet", "bad.parquet")
    assert not (folder / "none.parquet").exists()


def test_other_tables_become_columns_of_text(made):
    folder, _ = made
    (folder / "in.csv").write_text("id,item,text,id\n007,stove,the ice,1\n008,spoon,,2\n")
    found = pq.read_table(score(folder, folder / "o.parquet", "in.csv", quiet=True))
    assert found.column_names[:4] == ["id", "item", "text", "id (column 4)"]
    assert found.column("id").to_pylist() == ["007", "008"]
    assert found.column("flag").to_pylist()[1] == "empty"
    (folder / "none.csv").write_text("id,item,text\n")
    assert pq.read_table(score(folder, folder / "o.parquet", "none.csv")).num_rows == 0


def test_what_cannot_be_parquet_is_refused(made, monkeypatch):
    folder, _ = made
    out = folder / "o.parquet"
    for more in ({"as_json": True}, {"explain": True}, {"gradebook": "canvas"}, {"wide": True}):
        with pytest.raises(InputError, match=r"choose a\s+name that ends in"):
            score(folder, out, **more)
    (folder / "wide.csv").write_text("id,stove,spoon\n1,the ice,a spoon\n")
    with pytest.raises(InputError, match="a wide table is not written as Parquet"):
        score(folder, out, "wide.csv")
    (folder / "in.csv").write_text("item,text\nstove,the ice\n")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        InputError, match=r"writing \.parquet needs pyarrow: install with 'pip inst"
    ):
        score(folder, out, "in.csv")
    assert not out.exists()
