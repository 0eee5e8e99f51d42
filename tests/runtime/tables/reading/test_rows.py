"""What the rows of a table are."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kd_edge_runtime.errors import TableError
from kd_edge_runtime.tables.reading import rows as reader
from kd_edge_runtime.tables.reading.header import usual_delimiter
from kd_edge_runtime.tables.reading.rows import Table, open_table

SEPARATOR = "put quotation marks around a text that contains a separator"
ASAP = "Id\tEssaySet\tScore1\tScore2\tEssayText"


def table(content, usual=","):
    return open_table(io.StringIO(content, newline=""), "t.csv", usual)


def rows_of(found, size=1000):
    """All rows with their numbers, and the problems."""
    rows = [pair for numbers, rows in found.batches(size) for pair in zip(numbers, rows)]
    return rows, [(problem.row, problem.message) for problem in found.problems]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_records_are_counted_and_not_lines(size):
    found = table('text,score\r\n"a, ""b""\nc",1\r\nd,2\r\n')
    assert found.header == ["text", "score"]
    assert rows_of(found, size) == ([(2, ['a, "b"\nc', "1"]), (3, ["d", "2"])], [])
    assert (found.bad, found.skipped, found.quoted, found.delimiter) == (0, 0, True, ",")


@pytest.mark.parametrize("mark", [",", "\t", ";"])
@pytest.mark.parametrize("usual", [",", "\t"])
def test_the_header_tells_the_delimiter(mark, usual):
    found = table(f"text{mark}score\na{mark}1\n", usual)
    assert (found.delimiter, rows_of(found)[0]) == (mark, [(2, ["a", "1"])])


def test_known_names_tell_more_than_the_number_of_fields():
    assert table("text;score (0, 1, 2 or 3)\na;1\n").delimiter == ";"
    assert table('"a, b"\tc\nx\ty\n').delimiter == "\t"


def test_one_column_has_the_usual_delimiter():
    for usual in ",\t":
        assert table("text\na\n", usual).delimiter == usual
    assert [usual_delimiter(suffix) for suffix in (".csv", ".TSV", ".txt", "")] == [*",\t\t,"]


@pytest.mark.parametrize("content", ["", "\n", "\r\n\r\n", "  \n \t\n", ",,\n,\n", "\n;;\n\n"])
def test_an_empty_table(content):
    with pytest.raises(TableError, match="the table is empty: it needs a row of column names"):
        table(content)


def test_blank_rows_before_the_header_count():
    found = table("\n \n,,\nid,text,score\n1,a,2\n,b\n")
    assert found.header == ["id", "text", "score"]
    rows, problems = rows_of(found)
    assert rows == [(5, ["1", "a", "2"])]
    assert problems == [(6, "2 fields, but the header has 3")]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_blank_rows_are_passed_over(size):
    found = table("text,score\na,1\n\n,\n  \n , \nb,2\n,\n\n   \n,,,\n")
    assert rows_of(found, size) == ([(2, ["a", "1"]), (7, ["b", "2"])], [])
    assert found.skipped == 4  # those at the end are no news


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_in_a_table_of_one_column_they_are_blank_responses(size):
    found = table("text\na\n\n  \nb\n\n   \n")
    rows = [(2, ["a"]), (3, [""]), (4, ["  "]), (5, ["b"]), (6, [""]), (7, ["   "])]
    assert rows_of(found, size) == (rows, [])
    assert found.skipped == 0


@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize(("last", "cell"), [('""', ""), (" ", " "), ("\t", "\t")])
def test_only_empty_lines_at_the_end_of_one_column_are_no_responses(size, last, cell):
    found = table(f"text\na\n{last}\n\n\n")
    assert rows_of(found, size) == ([(2, ["a"]), (3, [cell])], [])


def test_batches_are_no_larger_for_blank_rows():
    numbers = [[*numbers] for numbers, _ in table("text\n" + "\n" * 10 + "b\n").batches(4)]
    assert numbers == [[2, 3, 4, 5], [6, 7, 8, 9], [10, 11, 12]]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_reading_goes_on_after_a_bad_row(size):
    found = table('text,score\na,1\n"b" c,2\nd\ne,f,3\ng,4\n"h,5\ni,6\n')
    rows, problems = rows_of(found, size)
    assert [row for row, _ in rows] == [2, 6]
    assert sorted(problems) == [
        (
            3,
            'a quotation mark inside a quoted field must be doubled (""); where they are text: '
            "--quoting none",
        ),
        (4, "1 field, but the header has 2"),
        (5, f"3 fields, but the header has 2: {SEPARATOR}"),
        (
            7,
            "a quotation mark in this row is never closed; where they are text: --quoting none",
        ),
    ]
    assert str(found.error()).splitlines()[0] == "t.csv: 4 problems"
    assert [problem.row for problem in found.error().problems] == [3, 4, 5, 7]


def test_a_field_that_is_too_long(monkeypatch):
    monkeypatch.setattr(reader, "LONGEST_FIELD", 20)
    rows, problems = rows_of(table('text,score\n"' + "a" * 30 + '",1\nb,1\n'))
    wrong = "a field of more than 20 characters: is a closing quotation mark missing?"
    assert (rows, problems) == ([(3, ["b", "1"])], [(2, wrong)])


@pytest.mark.parametrize("content", ['"te"xt,score\na,1\n', '"text,score\na,1\n'])
def test_a_header_that_cannot_be_read(content):
    with pytest.raises(TableError, match="row 1: a quotation mark"):
        table(content)


def test_bytes_that_are_no_utf8_end_the_table():
    def lines(*before):
        yield from before
        raise UnicodeDecodeError("utf-8", b"canary\xff", 6, 7, "invalid start byte")

    with pytest.raises(TableError, match="this is not UTF-8") as caught:
        open_table(lines(), "t.csv")
    assert "canary" not in str(caught.value)
    rows, problems = rows_of(open_table(lines("text,score\n", "a,1\n"), "t.csv"))
    assert rows == [(2, ["a", "1"])]
    assert problems == [
        (
            3,
            "this is not UTF-8: name the table's encoding, as in "
            "--encoding cp1252, or save it as 'CSV UTF-8'",
        )
    ]


def test_only_the_first_problems_are_kept():
    found = Table(["a", "b"], iter([["x"]] * 5000), "t.csv")
    assert rows_of(found)[0] == []
    assert (len(found.problems), found.bad) == (200, 5000)
    assert "5000 problems" in str(found.error())


@pytest.mark.parametrize("header", [ASAP, "Id\tEssaySet\tEssayText"])
@pytest.mark.parametrize("usual", [",", "\t"])
def test_files_of_asap_sas_quote_nothing(header, usual):
    fields = ["1"] * header.count("\t")
    texts = ['"so" he said', '"open', "x", 'a ""', "a, b; c"]
    found = table("".join("\t".join(line) + "\n" for line in [[header]]), usual)
    assert not found.quoted
    lines = "".join("\t".join([*fields, text]) + "\r\n" for text in texts)
    rows, problems = rows_of(table(f"{header}\r\n{lines}", usual))
    assert ([row[-1] for _, row in rows], problems) == (texts, [])
    other = header.replace("\t", ",")
    assert table(other + "\n").quoted
    assert table(header.replace("Id", "ID") + "\n").quoted


def test_rows_of_asap_sas():
    rows, problems = rows_of(table(f"{ASAP}\n1\t1\t2\t2\ta\tb\n\n2\t1\n3\t1\t0\t0\t\n\t\t\t\t\n"))
    assert rows == [(5, ["3", "1", "0", "0", ""])]
    wrong = "{} fields, but the header has 5"
    assert problems == [(2, wrong.format(6)), (4, wrong.format(2))]


QUALTRICS = (
    'StartDate,ResponseId,Q1\nStart Date,Response ID,"Why, do you think, does it melt?"\n'
    '"{""ImportId"":""startDate""}","{""ImportId"":""_recordId""}","{""ImportId"":""QID1_TEXT""}"\n'
)


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_header_of_three_rows(size):
    found = table(QUALTRICS + "2024-01-01,R_1,warm air\n,R_2\n")
    assert found.header == ["StartDate", "ResponseId", "Q1"]
    rows, problems = rows_of(found, size)
    assert rows == [(4, ["2024-01-01", "R_1", "warm air"])]
    assert problems == [(5, "2 fields, but the header has 3")]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_bad_row_just_below_the_header(size):
    for content, bad in (('"b" c,2\nd,3\n', 2), ('a,1\n"b" c,2\nd,3\n', 3)):
        rows, problems = rows_of(table("text,score\n" + content), size)
        assert rows[-1] == (bad + 1, ["d", "3"])
        assert [row for row, _ in problems] == [bad]


def test_a_table_without_a_header():
    content = io.StringIO("\nr1;warm air\nr2;ice\n", newline="")
    found = open_table(content, "t.csv", has_header=False)
    assert found.header == ["column 1", "column 2"]
    assert rows_of(found) == ([(2, ["r1", "warm air"]), (3, ["r2", "ice"])], [])


LINE = st.text(st.characters(exclude_characters="\0\t\r\n", exclude_categories=["Cs"]), min_size=1)


@settings(deadline=None, max_examples=100)
@given(st.lists(LINE))
def test_every_text_of_asap_sas_comes_back(texts):
    content = "\n".join([ASAP, *(f"{n}\t1\t0\t0\t{text}" for n, text in enumerate(texts))])
    assert [fields[4] for _, fields in rows_of(table(content))[0]] == texts


CELL = st.text(st.sampled_from("ab \"',;\t\r\né"), max_size=6)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3)), st.sampled_from(",\t;"), st.integers(1, 9))
def test_what_the_csv_module_writes_comes_back(rows, delimiter, size):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([["id", "item", "text"], *rows])
    there = [(at, row) for at, row in enumerate(rows, 2) if "".join(row).strip()]
    assert rows_of(table(out.getvalue()), size) == (there, [])
