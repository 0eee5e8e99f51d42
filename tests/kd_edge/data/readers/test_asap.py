from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kd_edge.data.readers import read_responses
from kd_edge.data.readers.delimited import read_table

HEADER = "Id\tEssaySet\tScore1\tScore2\tEssayText"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("asap") / "t.tsv"


def read_asap(path, content):
    path.write_bytes(content.encode())
    return read_table(path)


def test_quotation_marks_are_the_students(path):
    read = read_asap(
        path, f'{HEADER}\n1\t1\t2\t2\t"so" he said\n\n2\t1\t0\t0\t"open\n3\t1\t0\t1\tx\n'
    )
    assert [record.cells[4] for record in read.records] == ['"so" he said', '"open', "x"]
    assert [record.row for record in read.records] == [2, 4, 5]


def test_ragged_rows(path):
    read = read_asap(path, f"{HEADER}\r\n1\t1\t2\t2\ta\tb\r\n2\t1\t0\t0\r\n3\t1\t0\t0\tc\r\n")
    assert [(p.row, p.message) for p in read.problems] == [
        (2, "6 fields, but the header has 5"),
        (3, "4 fields, but the header has 5"),
    ]
    assert read.lost == 2
    assert read.records[0].cells == ("3", "1", "0", "0", "c")


@pytest.mark.parametrize("name", ["a.tsv", "a.txt", "a.csv"])
def test_is_recognised_whatever_the_suffix(tmp_path, name):
    path = tmp_path / name
    rows = "".join(f'{n}\t7\t{n % 3}\t{n % 2}\t"answer {n}\n' for n in range(1, 31))
    path.write_bytes(f"\ufeff{HEADER}\n{rows}".encode())
    responses = read_responses(path)
    item = responses.item("7")
    assert len(item.rows) == 30
    assert item.rows[0].text == '"answer 1'
    assert (item.rows[0].score, item.rows[0].score2) == (1, 1)
    assert any("ASAP-SAS" in note for note in responses.notes)


def test_the_competitions_unscored_files(tmp_path):
    path = tmp_path / "leaderboard.tsv"
    path.write_text("Id\tEssaySet\tEssayText\n5\t1\t'tis \"so\n", encoding="utf-8")
    row = read_responses(path, scored=False).item("1").rows[0]
    assert (row.response_id, row.text, row.score) == ("5", "'tis \"so", None)


LINE = st.text(st.characters(exclude_characters="\0\t\r\n", exclude_categories=["Cs"]), min_size=1)


@settings(deadline=None, max_examples=100)
@given(st.lists(LINE))
def test_every_text_comes_back(path, texts):
    content = "\n".join([HEADER, *(f"{n}\t1\t0\t0\t{text}" for n, text in enumerate(texts))])
    read = read_asap(path, content)
    assert [record.cells[4] for record in read.records] == texts


@pytest.mark.parametrize(("name", "rows"), [("train.tsv", 8106), ("test.tsv", 2027)])
def test_the_real_files(shared_data, name, rows):
    path = shared_data / "asap-sas" / name
    responses = read_responses(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    plain = [line.split("\t") for line in lines[1:] if line]
    assert len(plain) == rows
    assert [item.item_id for item in responses.items] == ["1", "2", "3", "5", "7", "9"]
    assert {item.item_id: str(item.scale) for item in responses.items} == {
        **dict.fromkeys("125", "0-3"),
        **dict.fromkeys("379", "0-2"),
    }
    sizes = Counter(fields[1] for fields in plain)
    assert {item.item_id: len(item.rows) for item in responses.items} == sizes
    found = {
        (row.response_id, item.item_id, row.text): (
            item.scale.classes[row.score],
            item.scale.classes[row.score2],
        )
        for item in responses.items
        for row in item.rows
    }
    assert found == {(f[0], f[1], f[4]): (f[2], f[3]) for f in plain}
