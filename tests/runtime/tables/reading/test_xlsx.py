from __future__ import annotations

import datetime as dt
import zipfile

import pytest
from openpyxl import Workbook

from kd_edge_runtime.tables.reading import zips
from tables_read import HEADER, read, refused


@pytest.fixture
def workbook(tmp_path):
    def write(sheets, name="t.xlsx", formats=()):
        book = Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
            for cell, shown in formats:
                sheet[cell].number_format = shown
        book.save(tmp_path / name)
        return tmp_path / name

    return write


def test_a_workbook_is_read_as_it_is_shown(workbook):
    new_year = dt.datetime(2026, 1, 1)  # noqa: DTZ001 (workbooks have no zones)
    row = ["0012", 2, 2.5, 0.75, True, new_year, new_year + dt.timedelta(31, 32_700), 7, None]
    formats = [("D2", "0%"), ("F2", "d-mmm"), ("G2", "dd.mm.yyyy hh:mm"), ("H2", "0000")]
    path = workbook({"One": [[*"abcdefghi"], row]}, formats=formats)
    shown = ["0012", "2", "2.5", "75%", "TRUE", "1-Jan", "01.02.2026 09:05", "0007", ""]
    assert read(path) == ([*"abcdefghi"], [(2, shown)], [], [])


def test_the_first_sheet_that_is_not_empty(workbook):
    path = workbook({"Notes": [], "Class 7b": [[], HEADER, ["a", "x", 1], [], ["b", "y", 2]]})
    header, rows, notes, _ = read(path)
    assert (header, [number for number, _ in rows]) == (HEADER, [3, 5])
    assert notes == ["sheet 'Class 7b' (--sheet names another: 'Notes')"]
    assert read(path, sheet="class 7B")[2] == []
    assert "did you mean 'Class 7b'?" in refused(path, sheet="Clas 7b")
    assert "sheet 'Notes' is empty" in refused(path, sheet="Notes")
    assert "all sheets are empty" in refused(workbook({"A": [], "B": []}))


def test_a_row_longer_than_the_header_is_told(workbook):
    path = workbook({"A": [HEADER, ["a", "x", 1, "aside"], ["b", "y", 2, None]]})
    assert read(path)[1:] == ([(3, ["b", "y", "2"])], [], ["4 fields, but the header has 3"])


def test_formulas_without_a_value_are_told(workbook):
    path = workbook({"A": [HEADER, ["a", "x", "=1+1"], ["b", "y", "=2"]]})
    assert read(path)[2] == [
        "2 formulas have no value yet: open the file in a spreadsheet and save it again"
    ]


def test_without_a_header(workbook):
    path = workbook({"A": [["a", "x", 1]]})
    assert read(path, has_header=False)[:2] == (
        ["column 1", "column 2", "column 3"],
        [(1, ["a", "x", "1"])],
    )


def test_control_characters_that_excel_writes_out(workbook):
    path = workbook({"A": [HEADER, ["a", "one_x000D_two _x005F_x0041_", 1]]})
    assert read(path)[1][0][1][1] == "one\rtwo _x0041_"


@pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
def test_damaged_and_protected_spreadsheets(workbook, tmp_path, suffix):
    path = tmp_path / f"d{suffix}"
    whole = workbook({"A": [HEADER, ["a", "x", 1]]}).read_bytes()
    not_whole = f"not a whole {suffix} file"
    for content in (b"", b"id,text\n", whole[:-30], whole[:200]):
        path.write_bytes(content)
        assert not_whole in refused(path)
    path.write_bytes(b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"))
    assert f"protected by a password: open it in a spreadsheet and save it as {suffix}" in refused(
        path
    )
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    assert "old .xls file" in refused(path)


def test_parts_of_a_workbook_that_are_damaged(workbook, tmp_path):
    whole = workbook({"A": [HEADER, ["a", "x", 1]]})
    for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"):
        path = tmp_path / "damaged.xlsx"
        with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(path, "w") as damaged:
            for name in archive.namelist():
                content = archive.read(name)
                damaged.writestr(name, content[: len(content) // 2] if name == part else content)
        assert "not a whole .xlsx file" in refused(path)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('r="A3"', 'r="ZZZZZZ3"'),
        ('<row r="3"', '<row r="99999999"'),
        ("<sheetData>", '<!DOCTYPE a [<!ENTITY b "c">]><sheetData>'),
        ('t="n"><v>1', 't="s"><v>99'),
    ],
)
def test_a_workbook_that_claims_too_much(workbook, tmp_path, was, becomes):
    whole = workbook({"A": [HEADER, ["a", "x", 1], ["b", "y", 1]]})
    path = tmp_path / "hostile.xlsx"
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(path, "w") as hostile:
        for name in archive.namelist():
            content = archive.read(name).decode()
            if name.endswith("sheet1.xml"):
                assert was in content
                content = content.replace(was, becomes)
            hostile.writestr(name, content)
    assert "not a whole .xlsx file" in refused(path)


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"a" * (zips._SMALL + 1))
    assert "would unpack to too much" in refused(path)
    monkeypatch.setattr(zips, "LARGEST", 10)
    monkeypatch.setattr(zips, "_SMALL", 1 << 40)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"random bytes")
    assert "would unpack to too much" in refused(path)
