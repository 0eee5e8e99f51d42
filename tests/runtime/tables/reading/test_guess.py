from __future__ import annotations

import gzip
import lzma

import pytest

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.tables.reading.encoding import examine, open_text
from kd_edge_runtime.tables.reading.guess import codec_name


@pytest.fixture
def file(tmp_path):
    def write(text, encoding):
        path = tmp_path / "t.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cp1251", "cp1251"),
        ("Windows-1251", "cp1251"),
        ("windows 1251", "cp1251"),
        ("ANSI", "cp1252"),
        ("macintosh", "mac-roman"),
        ("latin1", "iso8859-1"),
        ("UTF8", "utf-8"),
        ("shift-jis", "shift_jis"),
    ],
)
def test_names_as_people_write_them(name, found):
    assert codec_name(name) == found


@pytest.mark.parametrize(
    ("name", "near"),
    [("cp1521", "cp125"), ("gbk2", "'gbk'"), ("iso-8859-99", "iso-8859"), ("shiftjs", "shift-jis")],
)
def test_a_mistyped_name_gets_a_suggestion(name, near):
    with pytest.raises(InputError, match="did you mean") as caught:
        codec_name(name)
    assert near in str(caught.value)


@pytest.mark.parametrize("name", ["rot13", "base64", "idna", "unicode_escape", "", "a\0b"])
def test_what_is_no_encoding_of_text_is_refused(name):
    with pytest.raises(InputError, match="there is no encoding"):
        codec_name(name)


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "utf-16", "utf-16-le", "utf-32", "cp866"])
def test_reads_what_the_user_names(file, encoding):
    path = file("text\nлёд тает\n", encoding)
    with open_text(path, encoding) as stream:
        assert stream.read() == "text\nлёд тает\n"


def test_a_mark_is_no_part_of_the_text(file):
    for named, written in (("utf-8", "utf-8-sig"), ("utf-16-le", "utf-16"), ("utf-16", "utf-16")):
        with open_text(file("id\n", written), named) as stream:
            assert stream.read() == "id\n"


@pytest.mark.parametrize(
    ("named", "written", "line"),
    [("utf-8", "cp1251", 3), ("ascii", "utf-8", 3)],
)
def test_an_encoding_that_the_file_is_not_in_names_the_line(file, named, written, line):
    with pytest.raises(InputError, match=f"line {line} is not {named}"):
        examine(file("text\na\nтает лёд\n", written), named)


def test_nuls_are_no_text_in_any_encoding(file):
    with pytest.raises(InputError, match="line 1 is not cp1251: it holds NUL"):
        examine(file("text\n", "utf-16-le"), "cp1251")


def test_a_name_that_makes_gibberish_of_utf8_is_questioned(file):
    assert "valid UTF-8" in examine(file("café\n", "utf-8"), "cp1252").note
    assert examine(file("cafe\n", "utf-8"), "cp1252").note == ""
    assert examine(file("café\n", "cp1252"), "cp1252").note == ""


def test_one_damaged_line_is_no_other_encoding(file):
    content = "text\nнагрев\nлёд\n".encode() + b"\xeb\n"
    with pytest.raises(InputError, match="UTF-8, but line 4 is damaged"):
        examine(file(content, ""))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\3\4\0\0", "end its name in .xlsx or .ods"),
        (b"\xd0\xcf\x11\xe0\0\0", "old .xls, or a spreadsheet with a password"),
        (gzip.compress(b"text\nthe ice melts\n", mtime=0), "compressed by gzip: unpack it first"),
        (lzma.compress(b"text\nthe ice melts\n"), "compressed by xz: unpack it first"),
        (b"PAR1\x15\0\xff", "a Parquet file: end its name in .parquet"),
        (b"a\0b\n", "not a text file"),
    ],
)
def test_what_is_no_text(file, content, said):
    with pytest.raises(InputError, match=said):
        examine(file(content, ""))
