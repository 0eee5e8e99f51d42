"""The formats that a table may have."""

from __future__ import annotations

import datetime as dt
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from odf.office import Annotation
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table as OdfTable
from odf.table import TableCell, TableRow
from odf.text import P, S
from openpyxl import Workbook

from kd_edge_runtime.errors import InputError, TableError
from kd_edge_runtime.tables import zips
from kd_edge_runtime.tables.sources import Reading, open_source

HEADER = ["id", "text", "score"]


def read(path, **named):
    """A table's header, rows by number, notes and problems."""
    with open_source(path, Reading(**named)) as table:
        rows = [pair for numbers, rows in table.batches() for pair in zip(numbers, rows)]
        return list(table.header), rows, table.notes, [p.message for p in table.problems]


def refused(path, **named):
    with pytest.raises(InputError) as caught:
        read(path, **named)
    return str(caught.value)


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


def ods(path, rows):
    document = OpenDocumentSpreadsheet()
    table = OdfTable(name="One")
    document.spreadsheet.addElement(table)
    for cells, repeated in rows:
        row = TableRow(numberrowsrepeated=str(repeated))
        table.addElement(row)
        for cell in cells:
            row.addElement(cell)
    document.save(str(path))
    return path


def text_cell(*paragraphs, **attributes):
    cell = TableCell(valuetype="string", **attributes)
    for text in paragraphs:
        cell.addElement(P(text=text))
    return cell


def test_an_open_document(tmp_path):
    spaced = TableCell(valuetype="string")
    paragraph = P(text="three")
    paragraph.addElement(S(c="3"))
    paragraph.addText("spaces")
    spaced.addElement(paragraph)
    noted = text_cell("plain")
    aside = Annotation()
    aside.addElement(P(text="a note"))
    noted.insertBefore(aside, noted.firstChild)
    number = TableCell(valuetype="float", value="2.50")
    number.addElement(P(text="2,5"))
    share = TableCell(valuetype="percentage", value="0.75")
    share.addElement(P(text="75 %"))
    rows = [
        ([TableCell(numbercolumnsrepeated="4")], 2),
        ([text_cell(*[name]) for name in HEADER], 1),
        ([text_cell("a"), text_cell("one", "two"), number], 2),
        ([TableCell(numbercolumnsrepeated="16384")], 1),
        ([spaced, noted, share, TableCell(numbercolumnsrepeated="16380")], 1),
        ([TableCell(numbercolumnsrepeated="16384")], 1_048_000),
    ]
    header, found, notes, problems = read(ods(tmp_path / "t.ods", rows))
    assert (header, notes, problems) == (HEADER, [], [])
    same = ["a", "one\ntwo", "2.5"]
    assert found == [(4, same), (5, same), (7, ["three   spaces", "plain", "75 %"])]


def test_an_open_document_that_claims_too_much(tmp_path):
    header = ([text_cell(name) for name in HEADER], 1)
    for row in (
        ([text_cell("a" * 1000, numbercolumnsrepeated="16384"), text_cell("b")], 1),
        ([text_cell("a", numbercolumnsrepeated="99999999")], 1),
        ([text_cell("a")], 99_999_999),
    ):
        assert "not a whole .ods file" in refused(ods(tmp_path / "t.ods", [header, row]))


def test_an_open_document_with_a_password_or_entities(tmp_path):
    path = tmp_path / "t.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/manifest.xml", "<m><manifest:encryption-data/></m>")
        archive.writestr("content.xml", b"\x8f\x01")
    assert "protected by a password" in refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    assert "not a whole .ods file" in refused(path)


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
