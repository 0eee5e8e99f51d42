"""Scores are written as the table was: what a spreadsheet wrote, it opens."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from click.testing import CliRunner
from pyarrow import parquet

import bundles_made
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.tables.reading.dialect import decimal_of, with_decimal

CORPUS = Path(__file__).parents[3] / "data" / "tables" / "output"

# Of each table: its encoding, delimiter, end of lines and decimal sign, and how it begins.
WRITTEN = {
    "excel-germany.csv": ("utf-8-sig", ";", "\r\n", ",", "Kennung"),
    "excel-france-cp1252.csv": ("cp1252", ";", "\r\n", ",", "identifiant"),
    "utf16-tabs.txt": ("utf-16", "\t", "\r\n", ".", "id"),
    "sep-line.csv": ("utf-8", ";", "\r\n", ",", "sep=;\r\n"),
    "header-of-two-lines.csv": ("utf-8", ",", "\r\n", ".", 'id,"the answer\n(text)",score'),
    "line-feeds-and-web-answers.csv": ("utf-8", ",", "\n", ".", "id"),
    "points-between-semicolons.csv": ("utf-8", ";", "\n", ".", "id"),
    "formulas.csv": ("utf-8", ",", "\n", ".", "id,name"),
    "rows-of-separators.csv": ("utf-8", ";", "\r\n", ",", "id;text"),
    "tabs-with-quotes-as-text.tsv": ("utf-8", "\t", "\n", ".", "id\ttext"),
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("dialect") / "one.kdz"
    bundles_made.write(path)
    return path


def score(*arguments, stdin=None):
    done = CliRunner().invoke(cli, ["score", *map(str, arguments)], input=stdin)
    if done.exception:
        raise done.exception
    return done.stdout_bytes


def extra(name):
    return ["--text-column", "the answer\n(text)"] if name.startswith("header-of") else []


@pytest.mark.parametrize("name", WRITTEN)
def test_a_table_is_written_as_it_was_read(bundle, tmp_path, name):
    encoding, delimiter, end, decimal, start = WRITTEN[name]
    output = tmp_path / name
    score(bundle, CORPUS / name, *extra(name), "-o", output, "-q")
    written, before = output.read_bytes(), (CORPUS / name).read_bytes()
    assert written[:3] == before[:3], "a byte order mark where one was, and none elsewhere"
    text, old = written.decode(encoding), before.decode(encoding)
    assert text.startswith(start)
    rows, old_rows = records(text, delimiter, name), records(old, delimiter, name)
    width = len(old_rows[0])
    assert [row[:width] for row in rows] == [row for row in old_rows if "".join(row)]
    assert {len(row) for row in rows} == {width + 8}
    assert all(len(row[width + 1].split(decimal)) == 2 for row in rows[1:])
    assert text.count(end) >= len(rows)
    if end == "\r\n":
        lone = text.count("\n") - text.count("\r\n")
        assert lone == old.count("\n") - old.count("\r\n"), "only those within cells"
    assert score(bundle, CORPUS / name, *extra(name), "-q") == written


def records(text, delimiter, name):
    lines = io.StringIO(text, newline="")
    if text.startswith("sep="):
        next(lines)
    quoting = csv.QUOTE_NONE if "quotes-as-text" in name else csv.QUOTE_MINIMAL
    return [row for row in csv.reader(lines, delimiter=delimiter, quoting=quoting) if row]


def test_the_name_of_the_output_has_the_last_word(bundle, tmp_path):
    tabs, commas = tmp_path / "in.tsv", tmp_path / "in.csv"
    tabs.write_bytes(b"id\ttext\n1\tthe ice\n")
    commas.write_bytes(b"id,text\n1,the ice\n")
    for source, name, delimiter in (
        (tabs, "out.csv", ","),
        (tabs, "out.tsv", "\t"),
        (tabs, "out.txt", "\t"),
        (commas, "out.tsv", "\t"),
        (CORPUS / "excel-germany.csv", "out.csv", ";"),
        (CORPUS / "excel-germany.csv", "out.tsv", "\t"),
    ):
        score(bundle, source, "-o", tmp_path / name, "-q")
        header = (tmp_path / name).read_text("utf-8-sig").splitlines()[0]
        assert header.endswith(delimiter.join(["flag", "p_0", "p_1", "p_2", "p_3"]))


def test_a_decimal_sign_of_ones_own(bundle, tmp_path):
    plain = tmp_path / "in.csv"
    plain.write_bytes(b"id,text\n1,the ice\n")
    [row] = csv.reader(score(bundle, plain, "-q", "--decimal", ",").decode().splitlines()[1:])
    assert "," in row[3]
    german = score(bundle, CORPUS / "excel-germany.csv", "-q", "--decimal", ".").decode("utf-8-sig")
    assert "." in german.splitlines()[1].split(";")[5]


@pytest.mark.parametrize(
    ("rows", "delimiter", "decimal"),
    [
        ([["1", "a"]], ";", ","),
        ([["1", "a"]], "\t", "."),
        ([["1,5", "a"]], "\t", ","),
        ([["1.5", "a"]], ";", "."),
        ([["1.234,5", "a"], ["1.234", "b"]], ";", ","),
        ([["75,5 %", "a"]], ";", ","),
        ([["1", "2.5"]], ";", ","),  # a student's own number
        ([["01.02.2026", "a"], ["1.2.3", "b"]], ";", ","),
    ],
)
def test_the_decimal_sign_of_a_table(rows, delimiter, decimal):
    assert decimal_of(rows, 1, delimiter) == decimal


def test_classes_that_are_numbers():
    assert with_decimal("0.5", ",") == "0,5"
    assert with_decimal("-0,5", ".") == "-0.5"
    assert with_decimal("v1.5", ",") == "v1.5"
    assert with_decimal("2", ",") == "2"


def test_a_class_that_the_tables_encoding_lacks(tmp_path):
    path, table = tmp_path / "one.kdz", tmp_path / "in.csv"
    bundles_made.write(path, (bundles_made.item("x", ("≤", "≥"), seed=5),))
    table.write_bytes("id;text\n1;größe\n".encode("cp1252"))
    text = score(path, table, "-q").decode("utf-8-sig")
    assert text.startswith("id;text;predicted;")
    assert "größe" in text
    assert "p_≤" in text


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
@pytest.mark.parametrize("output", ["out.csv", "out.tsv", "-"])
def test_texts_with_delimiters_of_what_was_no_text(bundle, tmp_path, suffix, output):
    texts = ["the ice, which melts", 'a "warm" room', "two\nlines\tand a tab"]
    source = tmp_path / f"in{suffix}"
    if suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in ["text", *texts]:
            book.active.append([row])
        book.save(source)
    else:
        parquet.write_table(pa.table({"text": texts}), source)
    output = output if output == "-" else tmp_path / output
    done = score(bundle, source, "-o", output, "-q")
    written = done.decode() if output == "-" else output.read_text(encoding="utf-8")
    delimiter = "\t" if str(output).endswith(".tsv") else ","
    rows = [*csv.reader(io.StringIO(written, newline=""), delimiter=delimiter)]
    assert [row[0] for row in rows[1:]] == texts and len({len(row) for row in rows}) == 1
