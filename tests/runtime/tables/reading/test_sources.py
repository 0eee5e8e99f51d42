"""The formats that a table may have."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kd_edge_runtime.errors import TableError
from tables_read import HEADER, read, refused


def test_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    columns = {"id": ["a", "b"], "text": ["x", None], "score": [1.0, None], "ok": [True, False]}
    pq.write_table(pa.table({**columns, "more": [[1], []]}), path)
    header, rows, _, problems = read(path)
    assert (header, problems) == ([*columns, "more"], [])
    assert rows == [(2, ["a", "x", "1", "true", "[1]"]), (3, ["b", "", "", "false", "[]"])]
    path.write_bytes(path.read_bytes()[:-40])
    assert "not a whole Parquet file" in refused(path)


@pytest.mark.parametrize(
    ("name", "package", "said"),
    [
        ("t.xlsx", "openpyxl", "pip install openpyxl defusedxml"),
        ("t.ods", "defusedxml.ElementTree", "pip install defusedxml"),
        ("t.parquet", "pyarrow", "pip install pyarrow"),
    ],
)
def test_what_to_install(tmp_path, monkeypatch, name, package, said):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    path = tmp_path / name
    path.write_bytes(b"")
    assert said in refused(path)


def test_json(tmp_path):
    path = tmp_path / "t.json"
    for text in (
        '[{"id": "a", "text": "x", "score": 1}, {"id": "b", "text": null}]',
        '{"about": "the ice", "responses": [{"id": "a", "text": "x", "score": 1}, {"id": "b"}]}',
        '{"id": "a", "text": "x", "score": 1}\n{"id": "b"}\n',
    ):
        path.write_text(text, encoding="utf-8")
        assert read(path)[:2] == (HEADER, [(1, ["a", "x", "1"]), (2, ["b", "", ""])])
    path.write_text('[{"id": "a"}, 5, {"id": "b"}]', encoding="utf-8")
    assert read(path)[1] == [(1, ["a"]), (3, ["b"])]
    for text, said in (
        ('[{"id": "secret"', "not valid JSON"),
        ('"secret"', "no JSON array of objects"),
        ("[]", "no JSON array of objects"),
        ('{"a": [1], "b": [2]}', "no JSON array of objects"),
        ('[{"a": 1, "a": 2}]', "the same name occurs twice"),
        ("[" * 100_000, "not valid JSON"),
    ):
        path.write_text(text, encoding="utf-8")
        told = refused(path)
        assert said in told
        assert "secret" not in told


def test_excels_first_line(tmp_path):
    path = tmp_path / "t.csv"
    for first in ("sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"):
        path.write_text(f"{first}\r\nid;text;score\r\na;x, y;1\r\nb;x\r\n", encoding="utf-8")
        header, rows, _, problems = read(path)
        assert (header, rows) == (HEADER, [(2, ["a", "x, y", "1"])])
        assert problems == ["2 fields, but the header has 3"]
    path.write_bytes("sep=\t\r\nid\ttext\r\na\tx\r\n".encode("utf-16"))
    assert read(path)[:3] == (["id", "text"], [(2, ["a", "x"])], ["encoding utf-16"])


def test_bars(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("id|text|score\na|x, y; z|1\n", encoding="utf-8")
    assert read(path)[:2] == (HEADER, [(2, ["a", "x, y; z", "1"])])
    path.write_text("what | why\nmelts | heat\n", encoding="utf-8")
    assert read(path)[0] == ["what | why"]


def test_an_old_workbook(tmp_path):
    assert "save it as .xlsx" in refused(tmp_path / "t.xls")


def test_an_empty_table_has_no_sheet(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("sep=;\n", encoding="utf-8")
    with pytest.raises(TableError, match="empty"):
        read(path)
