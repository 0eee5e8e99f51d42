"""Scoring a table: its columns found, its bad rows all told, its good rows in order."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.errors import TableError
from kd_edge_runtime.scorer import Score, Scorer
from kd_edge_runtime.tables import rows as table
from kd_edge_runtime.tables.rows import (
    Columns,
    TableScorer,
    all_classes,
    find_columns,
    machine_header,
    machine_text,
    quoter,
)


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
    assert find_columns(["id", "text"], "t", ONE) == Columns(("id", "text"), 1, None, "stove")
    assert find_columns(["Item", "Answer"], "t", TWO) == Columns(("Item", "Answer"), 1, 0, None)
    # A bundle of one item needs no column for it.
    assert find_columns(["Item", "Answer"], "t", ONE).item is None
    assert find_columns(["Item", "Answer"], "t", ONE, item_column="Item").item == 0


def test_columns_as_the_user_says():
    header = ["a", "b", "text"]
    assert find_columns(header, "t", ONE, text_column="a").text == 0
    assert find_columns(header, "t", TWO, item_column="b").item == 1
    chosen = find_columns(header, "t", TWO, item_id="spoon")
    assert (chosen.text, chosen.item, chosen.item_id) == (2, None, "spoon")


@pytest.mark.parametrize(
    ("header", "items", "named", "told"),
    [
        (["a", "b"], ONE, {}, ["no column holds the responses: name it with --text-column"]),
        (["text", "answer"], ONE, {}, ["'text' and 'answer' could both hold the responses"]),
        (["text"], TWO, {}, ["no column holds the item of each response", "--item-column"]),
        (["text", "a", "a"], ONE, {}, ["row 1: two columns are called 'a'"]),
        (["text", "b"], ONE, {"text_column": "txt"}, ["no column 'txt' (did you mean 'text'?)"]),
        (["text", "b"], ONE, {"text_column": "zzz"}, ["no column 'zzz'\n"]),
        (["text", "b"], TWO, {"item_column": "zzz"}, ["no column 'zzz'\n"]),
        (["a", "b"], TWO, {}, ["the responses", "the item of each response", "2 problems"]),
        (["1", "The ice melts as the room is warm."], ONE, {}, ["Row 1 looks like a response"]),
        ([f"c{at}" for at in range(30)], ONE, {}, ["The columns are 'c0', 'c1'", "'c19'."]),
    ],
)
def test_columns_that_cannot_be_found(header, items, named, told):
    with pytest.raises(TableError) as caught:
        find_columns(header, "t.csv", items, **named)
    assert str(caught.value).startswith("t.csv: ")
    for part in told:
        assert part in str(caught.value)


def test_machine_header():
    classes = ["0", "right"]
    names = ["predicted", "expected", "confidence", "flag", "p_0", "p_right"]
    assert machine_header(classes, ["id", "text", "score"], "", "t") == names
    prefixed = [f"m_{name}" for name in names]
    assert machine_header(classes, ["flag", "p_0"], "m_", "t") == prefixed
    with pytest.raises(TableError) as caught:
        machine_header(classes, ["flag", "text", "p_0"], "", "t")
    for part in ("row 1, column 'flag'", "row 1, column 'p_0'", "--prefix m_", "2 problems"):
        assert part in str(caught.value)


@given(st.lists(st.text(st.sampled_from("a \"',;\t\r\n\\é\0")), min_size=2), st.sampled_from(",\t"))
def test_fields_are_quoted_as_the_csv_module_quotes_them(fields, delimiter):
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerow(fields)
    assert delimiter.join(map(quoter(delimiter), fields)) + "\r\n" == file.getvalue()


def test_machine_text():
    manifest = Manifest("", "", {}, (), {}, "", {})  # type: ignore[arg-type]
    assert manifest.items == ()
    score = Score("1", 0.75, 0.75, "", (0.25, 0.75))
    entry = bundles_made.item("x", ("0", "1"), seed=5)
    assert machine_text(entry, ["right", "1", "0"], ",")(score) == (
        ",0.7500,0.7500,,,0.750000,0.250000\n"
    )
    flagged = score._replace(flag="review")
    assert machine_text(entry, ["0", "right", "1"], "\t")(flagged) == (
        "\t0.7500\t0.7500\treview\t0.250000\t\t0.750000\n"
    )


def test_all_classes_each_once(scorer):
    entries = scorer.bundle.manifest.items
    assert all_classes(entries) == [*bundles_made.SCORES, *bundles_made.WORDS]
    assert all_classes([entries[0], entries[0]]) == [*bundles_made.SCORES]


COLUMNS = Columns(("id", "item", "text"), 2, 1, None)


def scored(scorer, rows, columns=COLUMNS):
    return [*TableScorer(scorer, "t.csv").scored(rows, columns)]


def test_rows_keep_their_order_over_items_and_batches(scorer, monkeypatch):
    rows = [
        [
            str(at),
            ("stove", "spoon ")[at % 2],
            " ".join(bundles_made.SENTENCES[at % 8].split()[at % 3 :]),
        ]
        for at in range(25)
    ]
    monkeypatch.setattr(table, "BATCH", 10)
    batches = scored(scorer, rows)
    assert [len(batch) for batch in batches] == [10, 10, 5]
    flat = [one for batch in batches for one in batch]
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
    assert scored(scorer, [[], []]) == [[]]


def test_all_bad_rows_are_told_at_once(scorer, monkeypatch):
    monkeypatch.setattr(table, "BATCH", 2)
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
        for batch in TableScorer(scorer, "t.csv").scored(rows, COLUMNS):
            seen.append(batch)
    assert seen == []
    assert [(one.row, one.column) for one in caught.value.problems] == [
        (3, "item"),
        (4, None),
        (5, None),
        (7, "item"),
    ]
    assert "row 4: 4 fields where the header has 3" in str(caught.value)
    assert "row 5: 2 fields where the header has 3" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_what_was_scored_before_the_first_bad_row_is_yielded(scorer, monkeypatch):
    monkeypatch.setattr(table, "BATCH", 2)
    rows = [["1", "stove", "a"]] * 3 + [["2", "lid", "a"]] + [["3", "stove", "a"]] * 3
    batches = TableScorer(scorer, "t.csv").scored(rows, COLUMNS)
    assert len(next(batches)) == 2
    with pytest.raises(TableError, match="1 problem"):
        next(batches)


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

    with pytest.raises(TableError, match=r"row 3(.|\n)*row 4: this is not CSV: line contains NUL"):
        scored(scorer, broken(csv.Error("line contains NUL")))
    canary = UnicodeDecodeError("utf-8", b"canary\xff", 6, 7, "invalid start byte")
    with pytest.raises(TableError, match="row 4: this is not UTF-8") as caught:
        scored(scorer, broken(canary))
    assert "canary" not in str(caught.value)
