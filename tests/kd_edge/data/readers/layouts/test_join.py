"""Scores from a second table; tables/wide holds whole files."""

from __future__ import annotations

import pytest

from kd_edge.data.readers import ColumnChoice, Layout, read_responses
from kd_edge_runtime.errors import TableError


@pytest.fixture
def files(tmp_path):
    def write(responses: list[str], scores: list[str]):
        paths = tmp_path / "answers.csv", tmp_path / "marks.csv"
        for path, lines in zip(paths, (responses, scores), strict=True):
            path.write_text("\n".join(lines), encoding="utf-8")
        return paths

    return write


def read(files, **options):
    path, scores = files
    return read_responses(path, layout=Layout(scores=scores), min_rows=1, **options)


def test_the_order_of_the_scores_does_not_matter(files):
    found = read(files(["id,text", "a,Ice.", "b,Wool."], ["id,score", "b,1", "a,0"]))
    assert [(row.response_id, row.score) for row in found.items[0].rows] == [("a", 0), ("b", 1)]
    assert "2 ids have scores in" in "\n".join(found.notes)


def test_ids_are_unique_in_an_item_where_both_tables_name_it(files):
    found = read(
        files(
            ["id,item,text", "a,ice,It melts.", "a,wool,It is warm.", "b,ice,No.", "b,wool,Yes."],
            ["item,id,score", "ice,a,0", "wool,a,1", "ice,b,1", "wool,b,0"],
        )
    )
    scores = {(row.item_id, row.response_id): row.score for one in found.items for row in one.rows}
    assert scores == {("ice", "a"): 0, ("ice", "b"): 1, ("wool", "a"): 1, ("wool", "b"): 0}


def test_the_named_score_is_a_column_of_the_second_table(files):
    given = files(["id,text,score", "a,Ice.,9", "b,Wool.,9"], ["id,first,final", "a,7,0", "b,8,1"])
    found = read(given, columns=ColumnChoice(score="final"))
    assert [row.score for row in found.items[0].rows] == [0, 1]


def test_a_bad_score_is_named_with_its_column_and_file(files):
    given = files(["id,text", "a,Ice.", "b,Wool.", "c,Hot."], ["id,score", "a,0", "b,good", "c,1"])
    with pytest.raises(TableError, match=r"row 3, column 'score of .*marks.csv': 'good'"):
        read(given)


def test_responses_need_ids(files):
    with pytest.raises(TableError, match=r"answers.csv: 1 problem\n.*--id-column"):
        read(files(["text,class", "Ice.,a"], ["id,score", "a,0"]))


def test_the_only_name_that_both_tables_have_is_taken_for_the_ids(files):
    found = read(files(["pupil,text", "Ann,Ice.", "Ben,Wool."], ["pupil,score", "Ben,1", "Ann,0"]))
    assert [row.score for row in found.items[0].rows] == [0, 1]
    assert "'pupil' is 'pupil' there" in "\n".join(found.notes)
