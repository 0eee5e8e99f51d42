"""Scoring a table: its columns found, its bad rows all told, its good rows in order."""

from __future__ import annotations

import csv

import pytest

import bundles_made
from kd_edge_runtime.errors import TableError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.tables.reading.rows import Table
from kd_edge_runtime.tables.score_rows import Columns, TableScorer, scoring_columns


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "two.kdz"
    bundles_made.write(path, bundles_made.two_items())
    return path


@pytest.fixture
def scorer(path):
    with Scorer.open(path) as scorer:
        yield scorer


ONE, TWO = ["stove"], ["stove", "spoon"]


def test_columns_by_their_usual_names():
    assert scoring_columns(["id", "text"], "t", ONE) == Columns(("id", "text"), 1, None, "stove")
    assert scoring_columns(["Item", "Answer"], "t", TWO) == Columns(("Item", "Answer"), 1, 0, None)
    # A bundle of one item needs no column for it.
    assert scoring_columns(["Item", "Answer"], "t", ONE).item is None
    assert scoring_columns(["Item", "Answer"], "t", ONE, item_column="Item").item == 0


def test_columns_as_the_user_says():
    header = ["a", "b", "text"]
    assert scoring_columns(header, "t", ONE, text_column="a").text == 0
    assert scoring_columns(header, "t", TWO, item_column="b").item == 1
    chosen = scoring_columns(header, "t", TWO, item_id="spoon")
    assert (chosen.text, chosen.item, chosen.item_id) == (2, None, "spoon")


@pytest.mark.parametrize(
    ("header", "items", "named", "told"),
    [
        (["a", "b"], ONE, {}, ["no column holds the responses: name it with --text-column"]),
        (["text", "answer"], ONE, {}, ["'text' and 'answer' could both hold the responses"]),
        (["text"], TWO, {}, ["no column holds the item of each response", "--item-column"]),
        (["text", "a", "text"], ONE, {}, ["columns 1 and 3 are all called 'text'", "column 1"]),
        (["text", "a", "a"], ONE, {"text_column": "a"}, ["columns 2 and 3 are all called 'a'"]),
        (["Respones", "b"], ONE, {}, ["--text-column NAME (is it 'Respones'?)"]),
        (
            ["text", "b"],
            ONE,
            {"text_column": "txt"},
            ["no column 'txt' (--text-column): did you mean 'text'?"],
        ),
        (["text", "b"], ONE, {"text_column": "zzz"}, ["no column 'zzz' (--text-column)\n"]),
        (["text", "b"], TWO, {"item_column": "zzz"}, ["no column 'zzz' (--item-column)\n"]),
        (["a", "b"], TWO, {}, ["the responses", "the item of each response", "2 problems"]),
        (["1", "The ice melts as the room is warm."], ONE, {}, ["Row 1 looks like a response"]),
        (["Ana", "ice melts"], ONE, {}, ["None of the 2 columns has a name that kd-edge knows"]),
        (["r1", "ice melts"], ONE, {}, ["The columns are 1 'r1'."]),
        (
            [f"c{at}" for at in range(50)],
            ONE,
            {},
            ["The columns are 1 'c0', 2 'c1'", "40 'c39' and 10 more."],
        ),
    ],
)
def test_columns_that_cannot_be_found(header, items, named, told):
    with pytest.raises(TableError) as caught:
        scoring_columns(header, "t.csv", items, **named)
    assert str(caught.value).startswith("t.csv: ")
    for part in told:
        assert part in str(caught.value)


COLUMNS = Columns(("id", "item", "text"), 2, 1, None)


def batches(scorer, rows, size=1000):
    table = Table(COLUMNS.header, iter(rows), "t.csv")
    return TableScorer(scorer).scored(table, COLUMNS, size)


def scored(scorer, rows, size=1000):
    return [*batches(scorer, rows, size)]


def test_rows_keep_their_order_over_items_and_batches(scorer):
    rows = [
        [
            str(at),
            ("stove", "spoon ")[at % 2],
            " ".join(bundles_made.SENTENCES[at % 8].split()[at % 3 :]),
        ]
        for at in range(25)
    ]
    found = scored(scorer, rows, 10)
    assert [len(batch) for batch in found] == [10, 10, 5]
    flat = [one for batch in found for one in batch]
    assert [one.fields for one in flat] == rows
    for one in flat:
        assert one.item_id == one.fields[1].strip()
        assert one.score == scorer.score(one.fields[2], one.item_id)


def test_an_empty_line_is_passed_over_and_counted(scorer):
    rows = [["1", "stove", "the ice"], [], ["2", "stove", ""], [], ["3", "lid", "x"]]
    (batch,) = scored(scorer, rows[:4])
    assert [(one.fields[0], one.score.flag) for one in batch] == [("1", ""), ("2", "empty")]
    with pytest.raises(TableError, match="row 6, column 'item': the bundle has no such item"):
        scored(scorer, rows)
    assert scored(scorer, []) == []
    assert scored(scorer, [[], []]) == []


def test_all_bad_rows_are_told_at_once(scorer):
    rows = [
        ["1", "stove", "canary one"],
        ["2", "lid", "canary two"],
        ["3", "stove", "canary", "three"],
        ["4", "stove"],
        ["5", "stove", "canary five"],
        ["6", "", "canary six"],
    ]
    seen = []
    with pytest.raises(TableError) as caught:
        for batch in batches(scorer, rows, 2):
            seen.append(batch)
    assert seen == []
    assert [(one.row, one.column) for one in caught.value.problems] == [
        (3, "item"),
        (4, None),
        (5, None),
        (7, "item"),
    ]
    assert "row 4: 4 fields, but the header has 3" in str(caught.value)
    assert "row 5: 2 fields, but the header has 3" in str(caught.value)
    assert str(caught.value).endswith("The bundle has 2 items ('stove', 'spoon').")
    assert "canary" not in str(caught.value)


def test_what_was_scored_before_the_first_bad_row_is_yielded(scorer):
    rows = [["1", "stove", "a"]] * 3 + [["2", "lid", "a"]] + [["3", "stove", "a"]] * 3
    found = batches(scorer, rows, 2)
    assert len(next(found)) == 2
    with pytest.raises(TableError, match="1 problem"):
        next(found)


def test_a_table_wrong_throughout(scorer):
    with pytest.raises(TableError) as caught:
        scored(scorer, [["1"]] * 5000)
    text = str(caught.value)
    assert len(caught.value.problems) == 200
    assert "row 6:" in text
    assert "row 7:" not in text
    assert "5000 problems" in text
    assert "and 4995 more like these" in text


def test_rows_that_cannot_be_read(scorer):
    def broken(error):
        yield ["1", "stove", "a"]
        yield ["2", "lid", "a"]
        raise error

    with pytest.raises(
        TableError, match=r"row 3(.|\n)*row 4: this row is not valid CSV .line contains NUL"
    ):
        scored(scorer, broken(csv.Error("line contains NUL")))
    canary = UnicodeDecodeError("utf-8", b"canary\xff", 6, 7, "invalid start byte")
    with pytest.raises(TableError, match="row 4: this is not UTF-8") as caught:
        scored(scorer, broken(canary))
    assert "canary" not in str(caught.value)
