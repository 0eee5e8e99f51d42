"""Writes scores as a workbook (.xlsx), row by row, with no more than the standard library.

A workbook is a zip of XML. Texts are written as texts, so that none is run as a formula, and
numbers as numbers, so that a spreadsheet computes with them whatever its language.
"""

from __future__ import annotations

import re
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kd_edge_runtime.errors import InputError, note
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.tables.columns import class_places
from kd_edge_runtime.tables.reading.sheets import MOST_ROWS
from kd_edge_runtime.tables.roles import GROUP, ITEM, RESPONSE_ID, TEXT, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import IO

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.tables.score_rows import Columns, Scored
    from kd_edge_runtime.tables.writing.output import Write

_LONGEST = 32_767  # characters of a cell

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET = "xl/worksheets/sheet1.xml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships'
    '+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/{_SHEET}" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
    '<sheet name="Scores" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

# Not 007, which is a name, nor more digits than a spreadsheet keeps.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?")
# What XML cannot hold or does not keep, and what looks like our way to write it.
_ILLEGAL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


@contextmanager
def xlsx_writer(
    output: Path,
    columns: Columns,
    added: Sequence[str],
    used: Sequence[ItemEntry],
    classes: Sequence[str],
) -> Iterator[Write]:
    """Opens a workbook, which appears when it has been written completely.

    Args:
        output: the file.
        columns: the table's columns.
        added: the names of the columns that scoring adds.
        used: the items that the rows answer.
        classes: the classes, each of which gets a column of probabilities.

    Yields:
        A function that writes a batch of scored rows.

    Raises:
        InputError: the file cannot be written, or has more rows than a sheet can hold.
    """
    places = {entry.item_id: class_places(entry.classes, classes) for entry in used}
    names = [is_name(name) for name in columns.header]
    names[columns.text] = True
    with workbook(output) as sheet:
        sheet.write([[sheet.text(name) for name in (*columns.header, *added)]])

        def write(batch: list[Scored]) -> None:
            rows = []
            for fields, item_id, score in batch:
                row = [sheet.cell(*pair) for pair in zip(fields, names)]
                row.append(sheet.cell(score.predicted, False))
                row += (_number(score.expected, 4), _number(score.confidence, 4))
                row.append(sheet.text(score.flag))
                for at in places[item_id]:
                    row.append("<c/>" if at is None else _number(score.probabilities[at], 6))
                rows.append(row)
            sheet.write(rows)

        yield write


@contextmanager
def workbook(output: Path) -> Iterator[Sheet]:
    """Opens a workbook of one sheet, which appears when it has been written completely.

    Raises:
        InputError: the file cannot be written, or has more rows than a sheet can hold.
    """
    with (
        atomic_write(output, binary=True, private=True) as file,
        zipfile.ZipFile(file, "w") as archive,
    ):
        for name, text in _PARTS.items():
            archive.writestr(_member(name), _DECLARATION + text)
        with archive.open(_member(_SHEET), "w", force_zip64=True) as member:
            sheet = Sheet(member, output)
            yield sheet
            sheet.end()
    cut = sheet.cut
    if cut:
        note(
            f"Warning: {output}: {cut} text{'s were' if cut > 1 else ' was'} cut to {_LONGEST:,} "
            "characters, the most that a cell holds: a .csv holds all"
        )


class Sheet:
    """The XML of a sheet.

    Attributes:
        cut: how many texts were longer than a cell can be.
    """

    def __init__(self, member: IO[bytes], output: Path) -> None:
        self.cut = 0
        self._member = member
        self._output = output
        self._rows = 0
        member.write(f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())

    def write(self, rows: list[list[str]]) -> None:
        """Writes rows of cells."""
        self._rows += len(rows)
        if self._rows > MOST_ROWS:
            raise InputError(
                f"{self._output}: a sheet has {MOST_ROWS:,} rows at most: choose a name that ends "
                "in .csv"
            )
        lines = ("".join(("<row>", *row, "</row>")) for row in rows)
        self._member.write("".join(lines).encode())

    def end(self) -> None:
        """Ends the sheet."""
        self._member.write(b"</sheetData></worksheet>")

    def cell(self, text: str, is_name: bool) -> str:
        """A cell with a number, or with a text where it is none or a name made of digits."""
        if not is_name and _NUMBER.fullmatch(text):
            return f"<c><v>{text}</v></c>"
        return self.text(text)

    def text(self, text: str) -> str:
        """A cell with a text, which is not run as a formula whatever it is."""
        if not text:
            return "<c/>"
        self.cut += len(text) > _LONGEST
        text = _ILLEGAL.sub(lambda match: f"_x{ord(match[0]):04X}_", text[:_LONGEST])
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)  # of 1980: the same scores are the same file
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def is_name(column: str) -> bool:
    """Whether a column's cells are names even where they are digits."""
    bare = plain(column)
    roles = (RESPONSE_ID, ITEM, TEXT, GROUP)
    usual = {name for role in roles for tier in role.tiers for name in tier.split()}
    return bare in usual or bare.endswith("id")


def _number(value: float, digits: int) -> str:
    return f"<c><v>{value:.{digits}f}</v></c>"
