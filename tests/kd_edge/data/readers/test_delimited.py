from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kd_edge.data.readers.delimited import read_table
from kd_edge_runtime.errors import TableError
from kd_edge_runtime.tables.reading import rows

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("table")


@pytest.fixture
def table(tmp_path: Path):
    def read(content: str | bytes, name: str = "t.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path)

    return read


def cells(table) -> list[tuple[str | None, ...]]:
    return [record.cells for record in table.records]


def wrongs(table) -> list[tuple[int | None, str]]:
    return [(problem.row, problem.message) for problem in table.problems]


def test_reads_csv(table):
    read = table('text,score\r\n"a, ""b""\nc",1\r\nd,2\r\n')
    assert read.header == ("text", "score")
    assert cells(read) == [('a, "b"\nc', "1"), ("d", "2")]
    assert [record.row for record in read.records] == [2, 3]  # records, not lines
    assert (read.problems, read.notes, read.encoding) == ((), (), "utf-8")


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".CSV"])
@pytest.mark.parametrize(("mark", "word"), [(",", "commas"), ("\t", "tabs"), (";", "semicolons")])
def test_takes_the_delimiter_from_the_header(table, suffix, mark, word):
    read = table(f"text{mark}score\na{mark}1\n", "t" + suffix)
    assert cells(read) == [("a", "1")]
    usual = {".csv": ",", ".tsv": "\t"}.get(suffix.lower())
    assert read.notes == (() if mark == usual else (f"fields separated by {word}",))


def test_known_names_beat_the_number_of_fields(table):
    assert table("text;score (0, 1, 2 or 3)\na;1\n").header == ("text", "score (0, 1, 2 or 3)")


def test_a_single_column(table):
    assert cells(table("text\na;b\tc\n")) == [("a;b\tc",)]


def test_header_names_lose_the_space_around_them(table):
    assert table("\ufefftext , score\na,1\n").header == ("text", "score")


def test_blank_rows_are_skipped_but_counted(table):
    read = table("\ntext,score\na,1\n\n,\nb,2\n,\n\n")
    assert read.header == ("text", "score")
    assert [record.row for record in read.records] == [3, 6]
    assert read.notes == ("2 empty rows skipped",)  # those at the end are no news


@pytest.mark.parametrize("content", ["", "\n\n", "  \r\n", "\ufeff"])
@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_an_empty_file(table, content, name):
    with pytest.raises(TableError, match="is empty"):
        table(content, name)


def test_ragged_rows_are_all_told(table):
    read = table("text,score\na,b,1\nc,2\nd\n")
    assert cells(read) == [("c", "2")]
    assert read.lost == 2
    (first, second) = wrongs(read)
    assert first[0] == 2
    assert "3 fields, but the header has 2: put quotation marks around a text" in first[1]
    assert second == (4, "1 field, but the header has 2")


def test_a_quotation_mark_that_is_never_closed(table):
    read = table('text,score\na,1\n"b,2\nc,3\nd,4\n')
    assert wrongs(read)[0][0] == 3
    assert "a quotation mark in this row is never closed" in wrongs(read)[0][1]
    assert cells(read) == [("a", "1")]


def test_a_quotation_mark_that_is_not_doubled(table):
    read = table('text,score\n"he said "no" to me",1\nc,3\n')
    assert wrongs(read)[0][0] == 2
    assert "doubled" in wrongs(read)[0][1]
    assert cells(read) == [("c", "3")]


def test_a_field_without_end(table, monkeypatch):
    longest = 10_000
    monkeypatch.setattr(rows, "LONGEST_FIELD", longest)
    read = table('text,score\n"' + "a" * (longest + 1) + '",1\nb,1\n')
    assert f"more than {longest:,} characters" in wrongs(read)[0][1]


def test_a_header_that_cannot_be_read(table):
    with pytest.raises(TableError) as caught:
        table('"te"xt,score\na,1\n')
    assert caught.value.problems[0].row == 1


def test_utf16_is_read(table):
    read = table("text\na\n".encode("utf-16"))
    assert (read.encoding, cells(read)) == ("utf-16", [("a",)])
    assert read.notes == ("encoding utf-16",)


def test_cp1252_is_read(table):
    read = table("text,score\nZoë,1\n".encode("cp1252"))
    assert read.encoding == "cp1252"
    assert cells(read) == [("Zoë", "1")]


def test_reads_json_lines(table):
    read = table(
        '{"text": "a\\nb", "score": 2}\r\n\n{"score": 2.0, "text": "c", "more": [1]}\n'
        '{"text": null, "score": true, "more": {}}\n',
        "t.jsonl",
    )
    assert read.header == ("text", "score", "more")
    assert cells(read) == [("a\nb", "2", ""), ("c", "2.0", None), ("", "true", None)]
    assert [record.row for record in read.records] == [1, 3, 4]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "secret', "not valid JSON (Unterminated string starting at: character 10)"),
        ("nonsense secret", "not valid JSON (Expecting value: character 1)"),
        ('["secret"]', "not a JSON object"),
        ('"secret"', "not a JSON object"),
        ('{"text": "secret", "text": "b"}', "the same name occurs twice"),
        ('{"text": "\\ud800secret"}', "half of a surrogate pair"),
        ('{"\\udfffsecret": 1}', "half of a surrogate pair"),
        ('{"score": ' + "9" * 5000 + "}", "too many digits"),
        ("[" * 200_000, "not valid JSON"),
    ],
)
def test_a_bad_line_is_told_and_the_rest_is_read(table, line, said):
    read = table('{"text": "a"}\n' + line + '\n{"text": "b"}\n', "t.jsonl")
    assert read.problems[0].row == 2
    assert said in read.problems[0].message
    assert "secret" not in read.problems[0].message
    assert read.lost == 1
    assert cells(read) == [("a",), ("b",)]


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(TEXT, TEXT).filter(lambda row: "".join(row).strip()), min_size=1),
    st.sampled_from([("csv", ","), ("tsv", "\t"), ("txt", ";")]),
    # The csv module leaves a lone \r unquoted where rows end in \n.
    st.sampled_from([("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]),
)
def test_what_csv_writes_comes_back(folder, rows, form, style):
    suffix, delimiter = form
    line_end, quoting = style
    # A tab before a line end within a field makes two whole rows of a table without quotes.
    assume(
        suffix != "tsv" or not any("\t" in cell and {*cell} & {*"\r\n"} for cell in sum(rows, ()))
    )
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerows([("text", "score"), *rows])
    path = folder / f"t.{suffix}"
    path.write_bytes(out.getvalue().encode("utf-8-sig"))
    read = read_table(path)
    assert cells(read) == rows
    assert [record.row for record in read.records] == list(range(2, len(rows) + 2))
    assert read.problems == ()


@settings(deadline=None, max_examples=150)
@given(st.lists(st.dictionaries(TEXT, TEXT, max_size=4), min_size=1), st.booleans())
def test_what_json_writes_comes_back(folder, objects, ascii_only):
    path = folder / "t.jsonl"
    lines = [json.dumps(value, ensure_ascii=ascii_only) + "\n" for value in objects]
    path.write_bytes("".join(lines).encode())
    read = read_table(path)
    assert read.problems == ()
    for value, record in zip(objects, read.records, strict=True):
        found = dict(zip(read.header, record.cells, strict=True))
        assert found == dict.fromkeys(read.header, "") | value
