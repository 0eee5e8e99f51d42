"""A table with the suggested rows first."""

from __future__ import annotations

import pytest

from kd_edge.data.readers import ColumnChoice, Layout, Reading, read_responses
from kd_edge.suggest.suggest import ItemSuggestions
from kd_edge.suggest.table import (
    check_output,
    check_table,
    without_unread_scores,
    write_suggestions,
)
from kd_edge_runtime.errors import InputError, TableError


def _read(path, **options):
    return read_responses(path, scored=False, keep_table=True, **options)


def _written(source, ids, name="to-score.csv", item=None, **options):
    responses = _read(source, **options)
    output = source.with_name(name)
    joined = "layout" in options
    found = ItemSuggestions(item or responses.items[0].item_id, ids, 0, 0, 0, "coverage")
    write_suggestions(check_table(responses, joined=joined), [found], source, output, Reading())
    return output


def _table(tmp_path, content, name="answers.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content.encode(encoding))
    return path


def test_suggested_rows_come_first_and_nothing_is_lost(tmp_path):
    path = _table(tmp_path, 'id,class,text,score\n1,a,ice,1\n2,b,wool,\n3,c,"so, no",\n4,,x,0\n')
    written = _written(path, ("3", "2"))
    assert written.read_text(encoding="utf-8").splitlines() == [
        "suggested,id,class,text,score",
        '1,3,c,"so, no",',
        "2,2,b,wool,",
        ",1,a,ice,1",
        ",4,,x,0",
    ]
    assert written.stat().st_mode & 0o777 == 0o600


def test_a_filled_table_is_read_again(tmp_path):
    path = _table(tmp_path, "text\nice\nwool\nwater\n")
    written = _written(path, ("row-3",))
    lines = written.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["suggested,response_id,text,score", "1,row-3,wool,"]
    written.write_text(
        written.read_text(encoding="utf-8").replace("1,row-3,wool,", "1,row-3,wool,2")
    )
    again = _read(written)
    assert [(row.response_id, row.score) for row in again.items[0].rows] == [
        ("row-3", 0), ("row-2", None), ("row-4", None)]  # fmt: skip
    second = _written(written, ("row-4",), "second.csv").read_text(encoding="utf-8").splitlines()
    assert second == ["suggested,response_id,text,score", "1,row-4,water,", ",row-3,wool,2",
                      ",row-2,ice,"]  # fmt: skip


def test_the_table_is_written_as_it_was(tmp_path):
    path = _table(tmp_path, "id;text;note\r\n1;Gefäß;a\r\n2;Wärme;b\r\n", encoding="cp1252")
    written = _written(path, ("2",)).read_bytes()
    assert written.startswith("suggested;id;text;note".encode("cp1252"))
    assert b"\r\n1;2;W\xe4rme;b" in written


@pytest.mark.parametrize("ending", ["tsv", "xlsx"])
def test_other_formats(tmp_path, ending):
    path = _table(tmp_path, "id,text,score\n007,ice,1\n008,wool,\n")
    found = _read(_written(path, ("008",), f"to.{ending}"))
    assert [(row.response_id, row.text, row.score) for row in found.items[0].rows] == [
        ("008", "wool", None), ("007", "ice", 0)]  # fmt: skip


def test_texts_with_quotation_marks_of_asap_come_back(tmp_path):
    header = "Id\tEssaySet\tScore1\tScore2\tEssayText\n"
    path = _table(tmp_path, header + '1\t1\t1\t1\t"so" he says\n2\t1\t\t\tsay "no"\n', "a.tsv")
    found = _read(_written(path, ("2",), "to.tsv", "1"))
    assert [row.text for row in found.items[0].rows] == ['say "no"', '"so" he says']


def test_a_row_of_averages_stays_last(tmp_path):
    path = _table(tmp_path, "id,text,score\n1,ice,1\n2,wool,\nOverall average,,1\n")
    lines = _written(path, ("2",)).read_text(encoding="utf-8").splitlines()
    assert lines[-1] == ",Overall average,,1"


def test_rows_of_other_items_keep_their_ids_too(tmp_path):
    path = _table(tmp_path, "item,text\nb,ice\na,wool\na,water\nAverage,\n")
    written = _written(path, ("row-4",), item="a", only_items=("a",))
    assert written.read_text(encoding="utf-8").splitlines() == [
        "suggested,response_id,item,text,score",
        "1,row-4,a,water,",
        ",row-3,a,wool,",
        ",row-2,b,ice,",
        ",,Average,,",
    ]
    assert {item.item_id: len(item.rows) for item in _read(written).items} == {"a": 2, "b": 1}


def test_rows_that_are_skipped_are_kept(tmp_path):
    path = _table(tmp_path, "response_id,text,score\n1,ice,1\n1,wool,2\n3,water,\n4,air,0\n")
    lines = _written(path, ("3",), skip_bad_rows=True).read_text(encoding="utf-8").splitlines()
    assert sorted(lines[1:]) == [",1,ice,1", ",1,wool,2", ",4,air,0", "1,3,water,"]


def test_an_empty_column_of_scores_is_the_one_to_fill_in(tmp_path):
    path = _table(tmp_path, "response_id,text,score\n1,ice,\n2,wool,\n")
    lines = _written(path, ("2",)).read_text(encoding="utf-8").splitlines()
    assert lines == ["suggested,response_id,text,score", "1,2,wool,", ",1,ice,"]


def test_a_taken_name_gets_another(tmp_path):
    path = _table(tmp_path, "text,Score\nice,1\nwool,\n")
    assert (
        _written(path, ())
        .read_text(encoding="utf-8")
        .startswith("suggested,response_id,text,Score\n")
    )


def test_a_cell_that_is_no_score_is_told_by_its_row(tmp_path):
    path = _table(tmp_path, "text,score\nice,gut\nwool,hm\nwater,\nair,N/A\n")
    with pytest.raises(TableError) as error:
        without_unread_scores(_read(path))
    assert [problem.row for problem in error.value.problems] == [2, 3]
    assert "--classes" in str(error.value)
    for options, missing in (({"classes": ("hm", "gut")}, ()), ({}, ("gut", "hm"))):
        found = without_unread_scores(_read(path, missing=missing, **options), missing)
        assert len(found.items[0].rows) == 4


def test_a_cell_that_is_no_score_can_be_skipped_and_is_never_asked_for(tmp_path):
    path = _table(tmp_path, "text,score\nice,hm\nair,1\nsun,2\nheat,0\nwool,\n")
    found = without_unread_scores(_read(path), skip=True)
    assert "ice" not in [row.text for row in found.items[0].rows]
    assert [(row.row, row.response_id) for row in found.skipped] == [(2, "row-2")]


def test_wide_tables_and_criteria_are_one_question_at_a_time(tmp_path):
    wide = _table(tmp_path, "name,Q1,Q1 score,Q2,Q2 score\na,ice melts,1,wool is warm,0\n"
                            "b,it is warm,,heat goes,\n")  # fmt: skip
    with pytest.raises(InputError, match="one question is filled in at a time"):
        check_table(_read(wide))
    columns = ColumnChoice(text="Q2", score="Q2 score")
    assert check_table(_read(wide, columns=columns)).positions["text"] == 3
    criteria = _table(tmp_path, "id,text,score: content,score: form\n1,ice,1,0\n2,wool,,\n")
    with pytest.raises(InputError, match="--score-column"):
        check_table(_read(criteria))


def test_scores_of_a_second_table(tmp_path):
    path = _table(tmp_path, "response_id,text\n1,ice\n2,wool\n")
    marks = _table(tmp_path, "response_id,score\n1,2\n", "marks.csv")
    lines = _written(path, ("2",), layout=Layout(scores=marks)).read_text(encoding="utf-8")
    assert lines.splitlines() == ["suggested,response_id,text,score", "1,2,wool,", ",1,ice,2"]


@pytest.mark.parametrize("name", ["to.json", "to.ods", "to"])
def test_formats_that_are_not_written(tmp_path, name):
    with pytest.raises(InputError, match="ends in"):
        check_output(tmp_path / name)
