from __future__ import annotations

import zipfile

from odf.office import Annotation
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table as OdfTable
from odf.table import TableCell, TableRow
from odf.text import P, S

from tables_read import HEADER, read, refused


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
