"""Who wrote a response: by a column's name, its number, or the ids of the responses."""

from __future__ import annotations

import pytest

from kd_edge.data.readers import ColumnChoice, read_responses
from kd_edge.data.readers.columns import find_columns
from kd_edge.data.readers.student_column import STUDENT
from kd_edge_runtime.errors import TableError
from kd_edge_runtime.tables.roles import ROLES


def _read(folder, header, rows, **more):
    path = folder / "responses.csv"
    lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_responses(path, min_rows=2, **more)


def _students(responses):
    return [row.student for item in responses.items for row in item.rows]


def _rows(names, score=lambda at: at % 2):
    return [(name, f"ice melts {at}", score(at)) for at, name in enumerate(names)]


@pytest.mark.parametrize(
    "name",
    ["student", "Student ID", "pupil_no", "Schüler", "Élève", "öğrenci no", "Candidate", "学号"],
)
def test_a_column_of_students_is_found(tmp_path, name):
    found = _read(tmp_path, (name, "text", "score"), _rows(["a", "b", "a", "b"]))
    assert _students(found) == ["a", "b", "a", "b"]
    assert f"student ← '{name}'" in found.notes or name == "student"
    assert found.items[0].rows[0].response_id == "row-2"


def test_another_column_can_be_named(tmp_path):
    rows = [("x", "ice", 0, "k1"), ("y", "wool", 1, "k1")]
    header = ("student", "text", "score", "key")
    for named in ("key", "4"):
        found = _read(tmp_path, header, rows, columns=ColumnChoice(student=named))
        assert _students(found) == ["k1", "k1"]
    with pytest.raises(TableError, match="there is no column 'kye'"):
        _read(tmp_path, header, rows, columns=ColumnChoice(student="kye"))


def test_names_that_may_mean_something_else_need_many_students(tmp_path):
    few = _read(tmp_path, ("email", "text", "score"), _rows([f"e{at % 3}" for at in range(30)]))
    assert _students(few) == [None] * 30
    assert any("'email' is not taken as the students" in note for note in few.notes)
    many = _read(tmp_path, ("email", "text", "score"), _rows([f"e{at % 12}" for at in range(30)]))
    assert _students(many)[13] == "e1"


def test_a_column_that_is_the_same_everywhere_tells_nothing(tmp_path):
    found = _read(tmp_path, ("student", "text", "score"), _rows(["anonymous"] * 4))
    assert _students(found) == [None] * 4
    assert any("it is the same in each row" in note for note in found.notes)


def test_ids_of_students_say_who_wrote_each(tmp_path):
    """They stay the responses' ids, and are no other column."""
    found = _read(tmp_path, ("student_id", "text", "score"), _rows(["a", "b", "c", "d"]))
    assert _students(found) == ["a", "b", "c", "d"]
    assert [row.response_id for row in found.items[0].rows] == ["a", "b", "c", "d"]
    assert "student" not in found.columns


def test_of_several_columns_one_is_taken_and_nothing_is_refused(tmp_path):
    rows = [("r1", "p1", "s1", "ice", 0), ("r2", "p2", "s1", "wool", 1)]
    found = _read(tmp_path, ("response_id", "pupil", "student", "text", "score"), rows)
    assert _students(found) == ["p1", "p2"]


def test_in_a_wide_table_each_row_is_a_student(tmp_path):
    header = ("Student ID", "Q1", "Q1 score", "Q2", "Q2 score")
    rows = [(f"s{at}", f"ice melts {at}", at % 2, f"wool {at}", at % 2) for at in range(6)]
    found = _read(tmp_path, header, rows)
    assert len(found.items) == 2
    for item in found.items:
        assert [row.student for row in item.rows] == [f"s{at}" for at in range(6)]


def test_no_usual_name_is_of_another_role():
    own = {name for tier in STUDENT.tiers for name in tier.split()}
    others = {
        name
        for role in ROLES
        if role.name != "response_id"
        for tier in role.tiers
        for name in tier.split()
    }
    assert not own & others


_HEADER = ("response_id", "item_id", "text", "score", "score2", "group", "split", "who")


@pytest.mark.parametrize("name", [*_HEADER[:-1], "4"])
def test_a_column_that_holds_something_else_names_no_students(name):
    found = find_columns(_HEADER, ColumnChoice(student=name), ("text", "score"))
    [problem] = found.problems
    assert "holds the" in problem.message
    assert "--student-column needs another column" in problem.message
    named = ColumnChoice(student="who", response_id="who")
    assert find_columns(_HEADER, named, ("text",)).problems
    assert not find_columns(_HEADER, ColumnChoice(student="who"), ("text",)).problems


@pytest.mark.parametrize(
    ("role", "name"),
    [("group", "item_id"), ("group", "split"), ("split", "group"), ("score2", "item_id")],
)
def test_a_column_that_is_needed_elsewhere_is_not_taken_away(role, name):
    found = find_columns(_HEADER, ColumnChoice(**{role: name}), ("text", "score"))
    assert [f"'{name}' holds the" in one.message for one in found.problems] == [True]
    others = {"item_id": "item_id", "split": "split", "group": "group"}
    others = {name: "who"} if name in others else {}
    assert not find_columns(_HEADER, ColumnChoice(**{role: name, **others}), ("text",)).problems
