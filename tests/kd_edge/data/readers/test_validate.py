from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kd_edge.data.readers import ColumnChoice, Reading, read_responses
from kd_edge_runtime.errors import InputError, KdEdgeError, TableError

HEADER = ("response_id", "item_id", "text", "score")


def rows_of(scores, item="i", first=1):
    return [(f"r{n}", item, f"answer {n}", score) for n, score in enumerate(scores, start=first)]


@pytest.fixture
def read(tmp_path: Path):
    def write_and_read(rows, header=HEADER, name="school.csv", **options):
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
        return read_responses(path, **{"min_rows": 2, **options})

    return write_and_read


@pytest.fixture
def problems(read):
    def caught(rows, **options):
        with pytest.raises(TableError) as error:
            read(rows, **options)
        return [(p.row, p.column, p.message) for p in error.value.problems]

    return caught


# What is read


def test_a_full_table(read):
    header = (*HEADER, "score2", "group", "split")
    responses = read(
        [
            ("r1", "a", " one\n", "0", "", "", "train"),
            ("r1", "b", "two", "2", "3", "boys", "TEST"),
            (" r2 ", " a ", "three", "2.0", "1.00", " girls ", ""),
            ("r2", "b", "four", "+3", "3", "", "dev"),
        ],
        header,
    )
    a, b = responses.items
    assert (a.item_id, str(a.scale), b.item_id, str(b.scale)) == ("a", "0-2", "b", "2-3")
    assert b.scale.values == (2, 3)
    first, third = a.rows
    assert (first.text, first.score, first.score2, first.group) == (" one\n", 0, None, None)
    assert (first.split, third.split) == ("train", None)
    assert (third.response_id, third.score, third.score2, third.group) == ("r2", 2, 1, "girls")
    assert [(row.score, row.score2, row.split) for row in b.rows] == [
        (0, 1, "test"),
        (1, 1, "train"),
    ]
    assert (a.prompt, a.references) == (None, ())
    assert responses.columns == {name: name for name in header}
    assert responses.notes == (
        "score range 0-2 taken from the data: item a",
        "score range 2-3 taken from the data: item b",
        "3 rows have score2",
        "1 row of split 'dev' taken as train",
    )


def test_without_items_and_ids(read):
    responses = read([("a", "0"), ("b", "1")], ("text", "score"))
    assert [item.item_id for item in responses.items] == ["school"]
    assert [row.response_id for row in responses.items[0].rows] == ["row-2", "row-3"]
    assert "no column names the item: all rows are of 'school'" in responses.notes
    assert "no column of ids: ids are taken from the row numbers ('row-2')" in responses.notes
    named = read([("a", "0"), ("b", "1")], ("text", "score"), default_item="acid")
    assert named.items[0].item_id == "acid"
    assert named.items[0].rows[0].item_id == "acid"


def test_a_guessed_encoding_is_noted(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("text,score\nZoë,0\nb,1\n".encode("cp1252"))
    responses = read_responses(path, min_rows=2)
    assert responses.encoding == "cp1252"
    assert "encoding cp1252 (not UTF-8)" in responses.notes
    assert responses.items[0].rows[0].text == "Zoë"


def test_a_column_chosen_by_the_user(read):
    responses = read(
        [("r1", "a", "x", "0", "1"), ("r2", "a", "y", "1", "0")],
        (*HEADER, "mine"),
        columns=ColumnChoice(score="mine"),
    )
    assert [row.score for row in responses.items[0].rows] == [1, 0]


def test_only_some_items(read):
    rows = [*rows_of("01", "a"), *rows_of("0", "b"), *rows_of(["x", ""], "c"), *rows_of("12", "d")]
    assert [item.item_id for item in read(rows, only_items=("d", "a")).items] == ["a", "d"]


def test_an_item_that_is_not_there(problems):
    rows = [*rows_of("01", "acid"), *rows_of("x", "rain")]
    assert problems(rows, only_items=("acids", "acid")) == [
        (None, None, "no item 'acids': did you mean 'acid'? (there are: 'acid', 'rain')")
    ]


def test_json_lines(tmp_path):
    path = tmp_path / "t.jsonl"
    lines = [{"text": "a", "score": 1}, {"text": "b", "score": 2.0}, {"text": "c", "score": "3"}]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    item = read_responses(path, min_rows=3).items[0]
    assert (str(item.scale), [row.score for row in item.rows]) == ("1-3", [0, 1, 2])
    assert item.rows[0].response_id == "row-1"


@pytest.mark.parametrize("name", ["t.docx", "t.PDF", "T.CSV.gz"])
def test_other_files_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="save it as CSV"):
        read_responses(tmp_path / name)


@pytest.mark.parametrize("name", ["t", "t.dat", "t.tab"])
def test_a_table_of_another_name_is_read_as_on_devices(tmp_path, name):
    path = tmp_path / name
    path.write_text("id\ttext\tscore\n1\tair\t0\n2\twind\t1\n", encoding="utf-8")
    assert len(read_responses(path, min_rows=2).items[0].rows) == 2


def test_standard_input_is_for_scoring():
    with pytest.raises(InputError, match="standard input is read by 'kd-edge score' alone"):
        read_responses(Path("-"))


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_responses(tmp_path / "t.csv")
    with pytest.raises(InputError):
        read_responses(tmp_path / ("t" * 5000 + ".csv"))


# Scales


def test_a_range_is_consecutive(read):
    item = read(rows_of(["-1", "2"])).items[0]
    assert item.scale.classes == ("-1", "0", "1", "2")
    assert [row.score for row in item.rows] == [0, 3]


def test_a_given_range(read):
    responses = read(rows_of("12"), score_range=(0, 3))
    assert responses.items[0].scale.classes == ("0", "1", "2", "3")
    assert [row.score for row in responses.items[0].rows] == [1, 2]
    assert responses.notes == ()


def test_outside_a_given_range(problems):
    assert problems(rows_of("0214"), score_range=(0, 2)) == [
        (5, "score", "'4' is outside the score range 0-2")
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"score_range": (0, 3), "classes": ("a", "b")},
        {"score_range": (3, 0)},
        {"score_range": (1, 1)},
        {"score_range": (0, 10**9)},
        {"classes": ("a",)},
        {"classes": ("a", "A")},
        {"classes": ("a", " ")},
        {"classes": ("1", "1.0")},
    ],
)
def test_scales_that_cannot_be(read, options):
    with pytest.raises(InputError, match=r"--classes|score range"):
        read(rows_of("01"), **options)


def test_given_classes(read, problems):
    item = read(rows_of(["Good", "bad ", "ok"]), classes=("bad", "ok", "good")).items[0]
    assert item.scale.classes == ("bad", "ok", "good")
    assert [row.score for row in item.rows] == [2, 0, 1]
    assert problems(rows_of(["good", "bad", "okay"]), classes=("bad", "ok", "good")) == [
        (4, "score", "'okay' is not one of the classes: bad, ok, good")
    ]


def test_given_classes_that_are_numbers(read, problems):
    half = read(rows_of(["0", "0.50", "1.0"]), classes=("0", "0.5", "1")).items[0]
    assert half.scale.values == (0, 0.5, 1)
    assert [row.score for row in half.rows] == [0, 1, 2]
    whole = read(rows_of("01"), classes=("0", "1", "2")).items[0]
    assert whole.scale.numeric
    assert problems(rows_of("01"), classes=("no", "yes"))[0][2] == (
        "'0' is not one of the classes: no, yes"
    )


def test_words_that_come_again_are_classes(read):
    responses = read(rows_of(["poor", "Good", "good", "Poor"]))
    assert responses.items[0].scale.classes == ("poor", "Good")
    assert not responses.items[0].scale.numeric
    assert [row.score for row in responses.items[0].rows] == [0, 1, 1, 0]
    assert "classes in the order poor, Good (--classes sets another)" in responses.notes


def test_words_without_a_known_order_are_asked_about(problems):
    (found,) = problems(rows_of(["red", "Blue", "blue", "red", "red"]))
    assert found[:2] == (2, "score")
    assert "not known: red (3 times), Blue (2 times)" in found[2]
    assert found[2].endswith('--classes "red,Blue"')


def test_known_words_have_a_known_order(read):
    assert read(rows_of(["high", "low"])).items[0].scale.classes == ("low", "medium", "high")


def test_items_that_share_words_share_a_scale(read):
    rows = [
        *rows_of(["poor", "poor", "fair", "fair"], "a"),
        *rows_of(["excellent", "excellent", "fair"], "b"),
        *rows_of(["yes", "no", "yes", "no"], "c"),
        *rows_of("0121", "d"),
    ]
    scales = {item.item_id: item.scale.classes for item in read(rows).items}
    assert scales == {
        "a": ("poor", "fair", "excellent"),
        "b": ("poor", "fair", "excellent"),
        "c": ("no", "yes"),
        "d": ("0", "1", "2"),
    }


def test_odd_words_among_numbers_are_problems(problems):
    scores = ["0", "1", "so-so", "1", "1-May", "", "1e0", "0", "two words too many here"]
    found = problems(rows_of(scores))
    assert [(row, column) for row, column, _ in found] == [
        (4, "score"),
        (6, "score"),
        (10, "score"),
    ]
    texts = [text for *_, text in found]
    assert texts[0].startswith("'so-so' is not a number (--missing")
    assert texts[1].startswith("'1-May' is a date that a spreadsheet made of a score")
    assert texts[2].startswith("a value of 23 characters is not a number")


def test_a_thousand_is_not_one(problems):
    assert "'1,000' is a thousand to some" in problems(rows_of(["0", "1", "1,000"]))[0][2]


def test_half_points_are_points(read):
    item = read(rows_of(["0", "0.5", "0,5", "0.50", "1"])).items[0]
    assert item.scale.values == (0, 0.5, 1)
    assert [row.score for row in item.rows] == [0, 1, 1, 1, 2]


def test_a_word_that_is_there_once_is_a_slip(problems):
    assert problems(rows_of(["yes", "no", "yes", "no", "yse"])) == [
        (6, "score", "'yse' is not one of the classes: no, yes (--classes names others)")
    ]


def test_an_odd_number_among_words_is_a_problem(problems):
    assert problems(rows_of(["yes", "no", "yes", "no", "1"])) == [
        (6, "score", "'1' is not one of the classes: no, yes (--classes names others)")
    ]


def test_texts_for_scores_are_one_problem_that_quotes_none(problems):
    found = problems(rows_of(["secret words", "secret thoughts", "2"]))
    assert [(row, column) for row, column, _ in found] == [(2, "score")]
    assert "2 of 3 scores are neither numbers nor" in found[0][2]
    assert "secret" not in found[0][2]


def test_a_few_words_that_come_again_among_many_are_no_classes(problems):
    found = problems(rows_of(["yes", "yes", "no", "no", *(f"secret {n}" for n in "abcdef")]))
    assert "10 of 10 scores are neither numbers nor" in found[0][2]
    assert "secret" not in found[0][2]


def test_long_texts_that_repeat_are_no_classes(problems):
    found = problems(rows_of(["secret words of a student"] * 2 + ["secret words of the other"] * 2))
    assert "4 of 4 scores are neither numbers nor" in found[0][2]
    assert "secret" not in found[0][2]


def test_a_range_too_wide_is_a_typing_error(problems):
    found = problems(rows_of(["1", "2", "22222"]))
    assert len(found) == 1
    assert "item 'i': most scores are 1 to 2, and 22222 (row 4) is far from these" in found[0][2]
    found = problems(rows_of(["0", "120", "340", "555", "712", "990"]))
    assert "the scores run from 0 to 990, more than 101 classes" in found[0][2]


def test_a_second_score_outside_the_range(problems):
    rows = [("r1", "i", "a", "0", "0"), ("r2", "i", "b", "1", "2"), ("r3", "i", "c", "0", "x")]
    found = problems(rows, header=(*HEADER, "score2"))
    assert [(row, column) for row, column, _ in found] == [(3, "score2"), (4, "score2")]
    assert "'2' is outside 0-1, the range of the item's scores (--score-range" in found[0][2]
    assert found[1][2].startswith("'x' is not a number")


# What is wrong


def test_all_problems_come_at_once_in_the_files_order(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(
        "Response Id,Item,Text,Score,Split\n"
        "1,a,secret one,0,train\n"
        "1,a,secret two,1,train\n"
        "3,a,,1,train\n"
        "4,a,secret four,two,later\n"
        "5,a,secret, five,1,train\n"
        "6,,secret six,1,\n"
        ",b,secret seven,1,\n",
        encoding="utf-8",
    )
    with pytest.raises(TableError) as caught:
        read_responses(path)
    error = caught.value
    assert [(p.row, p.column) for p in error.problems] == [
        (None, None),
        (None, None),
        (3, "Response Id"),
        (5, "Score"),
        (5, "Split"),
        (6, None),
        (7, "Item"),
        (8, "Response Id"),
    ]
    said = str(error)
    assert "row 3, column 'Response Id': the same id as row 2" in said
    assert "row 5, column 'Split': is neither train nor test" in said
    assert "item 'a' has 4 rows, fewer than 20" in said
    assert said.endswith("Rows are counted as a spreadsheet does: the header is row 1.")
    assert "secret" not in said
    assert error.source == str(path)


def test_missing_columns_and_bad_rows_are_told_together(problems):
    rows = [("r1", "a", "no"), ("r1", "b", "train"), ("r2", "c", "test")]
    found = problems(rows, header=("response_id", "text", "split"))
    places = [(None, None), (2, "split"), (3, "response_id")]
    assert [(row, column) for row, column, _ in found] == places
    assert "--score-column" in found[0][2]


def test_the_same_id_in_two_items_is_fine(read):
    assert len(read([*rows_of("01", "a"), *rows_of("01", "b")]).items) == 2


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_file(tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TableError, match="the table is empty"):
        read_responses(path)


def test_a_header_only(problems):
    assert problems([]) == [(None, None, "there are no rows below the header")]


def test_the_first_row_cannot_be_read(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('"te"xt,score\na,1\n', encoding="utf-8")
    with pytest.raises(TableError, match="doubled"):
        read_responses(path)


def test_no_line_is_json(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_responses(path)
    assert [p.row for p in caught.value.problems] == [1, 2]


def test_two_columns_of_one_name_that_nobody_needs(read):
    rows = [("a", "1", "x", "y", ""), ("b", "0", "x", "y", "")]
    assert len(read(rows, ("text", "score", "remark", "remark", "")).items[0].rows) == 2


def test_too_few_rows(problems, read):
    assert problems(rows_of("01", "b"), min_rows=3) == [
        (None, None, "item 'b' has 2 rows, fewer than 3")
    ]
    assert read(rows_of("01"), min_rows=2)


def test_an_item_that_cannot_be_learned_from_stops_no_other(read):
    rows = [
        *rows_of("0101", "good"),
        *rows_of("01", "small"),
        *rows_of("1111", "same"),
        *rows_of(["0", "1", "22222", "1"], "wide"),
        *rows_of([f"a text, number {n}" for n in "abcd"], "texts"),
        *rows_of(["0", "1", "absent", ""], "unmarked"),
        *rows_of(["", "?", "n/a"], "empty"),
    ]
    responses = read(rows, min_rows=3)
    assert [item.item_id for item in responses.items] == ["good"]
    left = {one.item_id: one.why for one in responses.left_out}
    assert list(left) == ["small", "same", "wide", "texts", "unmarked", "empty"]
    assert left["small"] == "it has 2 rows, fewer than 3"
    assert left["same"] == "all its rows have the same score: there is nothing to learn"
    assert "22222 (row 14) is far from these" in left["wide"]
    assert "4 of 4 scores are neither numbers nor" in left["texts"]
    assert left["unmarked"] == "it has 2 rows with a score and 2 without, fewer than 3"
    assert left["empty"] == "it has 0 rows with a score and 3 without, fewer than 3"
    assert "item 'small' is left out: it has 2 rows, fewer than 3" in responses.notes
    rows = [*rows_of("0101", "good"), *rows_of("0279", "other")]
    (other,) = read(rows, min_rows=3, score_range=(0, 1)).left_out
    assert other.why == (
        "3 of its 4 rows cannot be read (row 7: '2' is outside the score range 0-1)"
    )


def test_items_of_which_none_can_be_learned_from(problems):
    found = problems([*rows_of("01", "small"), *rows_of("111", "same")], min_rows=3)
    assert [message for _, _, message in found] == [
        "item 'small' has 2 rows, fewer than 3",
        "all rows of item 'same' have the same score: there is nothing to learn",
    ]


# What is left out


def test_rows_without_a_score_are_left_out_and_counted(read):
    rows = rows_of(["0", "1", "", "N/A", "absent", "1", "n/a", "0", "?", "-"])
    responses = read(rows)
    assert [row.response_id for row in responses.items[0].rows] == ["r1", "r2", "r6", "r8"]
    assert responses.skipped == ()
    (note,) = [note for note in responses.notes if "without a score" in note]
    assert note == (
        "6 rows without a score are left out (blank: 1, 'N/A': 1, 'absent': 1): "
        "rows 4, 5, 6, 8, 10 and 1 more"
    )


def test_a_class_of_that_name_is_a_class(read):
    item = read(rows_of(["absent", "present"] * 2), classes=("absent", "present")).items[0]
    assert [row.score for row in item.rows] == [0, 1, 0, 1]


def test_a_blank_answer_counts_with_its_score(read):
    responses = read([("r1", "i", "", "0"), ("r2", "i", "a", "1"), ("r3", "i", "  ", "")])
    assert [(row.text, row.score) for row in responses.items[0].rows] == [("", 0), ("a", 1)]
    assert "1 blank response counts with its score" in responses.notes


def test_the_average_below_is_no_response(read):
    rows = [("Ada", "1", "air"), ("Bo", "2", ""), ("Overall average", "1.5", "")]
    responses = read(rows, ("First name", "Grade/2.00", "Response 1"))
    assert [row.score for row in responses.items[0].rows] == [0, 1]
    assert "row 4 is left out: it holds 'Overall average'" in responses.notes


def test_bad_rows_are_skipped_where_that_is_asked_for(tmp_path):
    path = tmp_path / "t.csv"
    lines = [
        "response_id,text,score",
        *("r1,secret,0", "r2,secret,1", "r3,secret,many", "r2,secret,1", "r5,sec,ret,1", "r6,a,"),
        "r7,secret,1",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(TableError, match="--on-bad-row skip"):
        read_responses(path, min_rows=2)
    responses = read_responses(path, min_rows=2, skip_bad_rows=True)
    assert [row.response_id for row in responses.items[0].rows] == ["r1", "r2", "r7"]
    assert responses.skipped[0].reason.startswith("column 'score': 'many' is not a number")
    assert [(row.row, row.response_id, row.reason) for row in responses.skipped[1:]] == [
        (5, "r2", "column 'response_id': the same id as row 3"),
        (
            6,
            "",
            "4 fields, but the header has 3: put quotation marks around a text that contains a "
            "separator",
        ),
        (7, "r6", "no score"),
    ]
    with pytest.raises(TableError, match="3 rows with a score and 1 without, fewer than 20"):
        read_responses(path, skip_bad_rows=True)


# Guesses by name


@pytest.mark.parametrize(
    ("name", "cells", "said"),
    [
        ("student_id", "aabbccddee" * 3, "ids: rows 2 and 3 have the same (see --id-column)"),
        ("id", ["a", *" " * 29], "ids: row 3 has none (see --id-column)"),
        ("subset", "abc" * 10, "train and test: its words are neither train nor test"),
        ("split", [f"{n % 4}" for n in range(30)], "train and test: its words are"),
        ("item", [f"i{n}" for n in range(30)], "the item of each response: it differs in each"),
        ("question", [""] * 30, "the item of each response: nothing is in it"),
        ("group", [f"g{n}" for n in range(30)], "the student groups: it differs in each row"),
        ("score2", ["7", "8", "9"] * 10, "the second scores: most of it is outside the range"),
    ],
)
def test_a_guess_that_cannot_be_is_dropped(read, name, cells, said):
    rows = [(f"answer {n}", str(n % 2), cell) for n, cell in enumerate(cells)]
    responses = read(rows, ("text", "score", name))
    assert len(responses.items[0].rows) == 30
    # What holds no ids of responses still says who wrote them.
    known = {role for role, column in responses.columns.items() if column == name}
    assert known == ({"student"} if name == "student_id" else set())
    (note,) = [note for note in responses.notes if "is not taken as" in note]
    assert note.startswith(f"'{name}' is not taken as ")
    assert said in note


@pytest.mark.parametrize(
    ("name", "role", "cells"),
    [
        ("student_id", "response_id", "aabbccddee" * 3),
        ("subset", "split", "abc" * 10),
        ("item", "item_id", [f"i{n}" for n in range(30)]),
        ("score2", "score2", ["7", "8", "9"] * 10),
    ],
)
def test_a_choice_that_cannot_be_is_refused(problems, name, role, cells):
    rows = [(f"answer {n}", str(n % 2), cell) for n, cell in enumerate(cells)]
    assert problems(rows, header=("text", "score", name), columns=ColumnChoice(**{role: name}))


def test_a_score_of_texts_gives_way_to_one_of_numbers(read):
    rows = [(f"answer {n}", f"a remark about it, {chr(97 + n)}", str(n % 2)) for n in range(20)]
    responses = read(rows, ("text", "label", "grade"))
    assert responses.columns["score"] == "grade"


@pytest.mark.parametrize("word", ["val", "Training", "hold-out", "DEV", "prueba"])
def test_words_for_the_split(read, word):
    rows = [("a", "0", word), ("b", "1", "train"), ("c", "0", "test"), ("d", "1", word)]
    meant = "test" if word in ("hold-out", "prueba") else "train"
    rows = read(rows, ("text", "score", "split")).items[0].rows
    assert [row.split for row in rows] == [meant, "train", "test", meant]


def test_a_table_without_a_header(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("r1,a,0\nr2,b,1\n", encoding="utf-8")
    columns = ColumnChoice(text="2", score="column 3")
    responses = read_responses(path, columns=columns, reading=Reading(has_header=False), min_rows=2)
    assert [(row.text, row.score) for row in responses.items[0].rows] == [("a", 0), ("b", 1)]
    with pytest.raises(InputError, match="--no-header is for CSV and TSV"):
        read_responses(tmp_path / "t.jsonl", reading=Reading(has_header=False))


def test_rows_that_cannot_be_read_are_not_held_against_the_item(problems):
    found = problems([*rows_of("01"), ("r9", "", "x", "1")], min_rows=3)
    assert found == [(4, "item_id", "is blank")]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a\x1b[2J", "has a control character"),
        ("b\x85c", "has a control"),
        ("\u00e9" * 513, "longer"),
    ],
)
def test_a_name_that_no_bundle_takes_is_refused_before_the_training(problems, read, name, why):
    rows = [*rows_of("01"), ("r9", name, "x", "1")]
    ((row, column, message),) = problems(rows, min_rows=2)
    assert (row, column) == (4, "item_id") and why in message and name not in message
    assert len(read(rows, only_items=("i",), min_rows=2).items) == 1
    assert len(read([*rows_of("01"), *rows_of("01", "\u00e9" * 512)], min_rows=2).items) == 2


def test_a_single_class(problems):
    assert problems(rows_of("11"), score_range=(0, 2)) == [
        (None, "score", "all rows of item 'i' have the same score: there is nothing to learn")
    ]


def test_a_bad_score_is_no_single_class(problems):
    assert [row for row, _, _ in problems(rows_of(["1", "1", "x"]))] == [4]


def test_a_list_for_a_text(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"text": ["secret"], "score": {"a": 1}}\n', encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_responses(path, min_rows=1)
    assert [(p.row, p.column) for p in caught.value.problems] == [(1, "text"), (1, "score")]
    assert "a list or an object" in str(caught.value)


def test_long_item_names_are_not_shown(problems):
    secret = "secret " * 10
    found = problems([*rows_of("0", secret), *rows_of("01", "b")], only_items=(secret.strip(), "q"))
    assert [m for _, _, m in found if "secret" in m] == []


# Rows to be scored


def test_rows_to_be_scored_need_no_scores(read):
    responses = read([("a",)], ("text",), scored=False)
    item = responses.items[0]
    assert (item.scale.classes, item.rows[0].score) == ((), None)
    assert not any("score" in note for note in responses.notes)


def test_rows_to_be_scored_may_have_some(read):
    item = read(rows_of(["", "1", "1"]), scored=False, min_rows=20).items[0]
    assert [row.score for row in item.rows] == [None, 0, 0]
    given = read(rows_of(["", "1"]), scored=False, score_range=(0, 2)).items[0]
    assert [row.score for row in given.rows] == [None, 1]


def test_rows_to_be_scored_may_be_blank(read):
    item = read([("r1", "i", "a", ""), ("r2", "i", " ", "")], scored=False).items[0]
    assert [row.text for row in item.rows] == ["a", " "]


def test_second_scores_alone_have_no_scale(read):
    item = read([("a", "2")], ("text", "score2"), scored=False).items[0]
    assert item.rows[0].score2 is None


# Whatever comes


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("check")


CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
NAME = st.text(CHARACTERS, min_size=1, max_size=12).map(str.strip).filter(bool)
ROW = st.fixed_dictionaries(
    {
        "item_id": st.sampled_from(["a", "b", "ç d"]),
        "text": st.text(CHARACTERS, max_size=40).filter(str.strip),
        "score": st.integers(0, 3),
        "score2": st.none() | st.integers(0, 3),
        "group": st.none() | NAME,
        "split": st.sampled_from([None, "train", "test"]),
    }
)
TABLE = st.lists(ROW, min_size=1, max_size=20).flatmap(
    lambda rows: st.lists(NAME, min_size=len(rows), max_size=len(rows), unique=True).map(
        lambda ids: [{"response_id": i, **row} for i, row in zip(ids, rows, strict=True)]
    )
)


@settings(deadline=None, max_examples=100)
@given(TABLE, st.sampled_from(["csv", "tsv", "jsonl"]))
def test_any_rows_come_back(scratch, table, suffix):
    path = scratch / f"t.{suffix}"
    with path.open("w", encoding="utf-8", newline="") as stream:
        if suffix == "jsonl":
            stream.writelines(json.dumps(row) + "\n" for row in table)
        else:
            delimiter = "," if suffix == "csv" else "\t"
            writer = csv.DictWriter(stream, list(table[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(table)
    responses = read_responses(path, score_range=(0, 3), scored=False)
    back = [
        {name: getattr(row, name) for name in table[0]}
        for item in responses.items
        for row in item.rows
    ]
    assert back == sorted(
        table, key=lambda row: [item.item_id for item in responses.items].index(row["item_id"])
    )


PIECES = st.lists(
    st.sampled_from(
        [
            *("text", "score", "Id", "item", "split", ",", ";", "\t", "\n", "\r\n", '"', "1"),
            *("2.0", "-", "99999999999", "1e999", "nan", "x", "{", "}", ":", "[", "null", "é"),
            "\\ud800",
        ]
    )
).map("".join)


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(st.binary(max_size=80), PIECES.map(str.encode)),
    st.sampled_from(["csv", "tsv", "txt", "jsonl", "ndjson"]),
    st.booleans(),
    st.integers(0, 3),
)
@example(b'{"text": "a", "score": -1}\n{"text": "b", "score": 999999999}', "jsonl", True, 0)
@example(b'{"text": "a", "score": NaN}', "jsonl", False, 0)
@example("text,score\na,\u0661\nb,\u00b2\n".encode(), "csv", True, 0)
def test_never_another_exception(scratch, content, suffix, scored, min_rows):
    path = scratch / f"any.{suffix}"
    path.write_bytes(content)
    try:
        responses = read_responses(path, scored=scored, min_rows=min_rows)
    except KdEdgeError as error:
        str(error).encode()
        return
    assert all(item.rows for item in responses.items)
    assert responses.items
