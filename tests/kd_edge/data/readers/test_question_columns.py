"""Questions and reference answers from columns, and from a table of their own."""

from __future__ import annotations

import pytest

from kd_edge.data.readers import ColumnChoice, Layout, read_responses
from kd_edge.data.readers.question_columns import QUESTION, REFERENCE, find_question_columns
from kd_edge.data.readers.student_column import STUDENT
from kd_edge_runtime.errors import TableError
from kd_edge_runtime.tables.roles import ROLES

KETTLE = ("KETTLE", "Why does the kettle whistle?", "steam leaves", "hot steam leaves")
SHADOW = ("SHADOW", "Why is a shadow long?", "the sun is low", "")
HEADER = ("item_id", "question", "reference", "Reference 2", "response", "score")


def _rows(*questions, number=4):
    return [(*one, f"well {at}", at % 2) for one in questions for at in range(number)]


def _write(path, header, rows):
    path.write_text(
        "\n".join(";".join(map(str, row)) for row in (header, *rows)) + "\n", encoding="utf-8"
    )
    return path


def _read(tmp_path, header, rows, **options):
    return read_responses(_write(tmp_path / "in.csv", header, rows), min_rows=1, **options)


def _texts(found):
    return {item.item_id: (item.prompt, item.references) for item in found.items}


def test_columns_by_their_usual_names(tmp_path):
    found = _read(tmp_path, HEADER, _rows(KETTLE, SHADOW))
    assert _texts(found) == {
        "KETTLE": (KETTLE[1], KETTLE[2:]),
        "SHADOW": (SHADOW[1], ("the sun is low",)),
    }
    assert "'question' taken as the questions' texts of 2 items" in found.notes
    said = "'reference', 'Reference 2' taken as reference answers of 2 items, 1 to 2 each"
    assert said in found.notes


def test_columns_that_are_named(tmp_path):
    header = ("item_id", "asked", "good", "better", "response", "score")
    plain = _read(tmp_path, header, _rows(KETTLE))
    assert _texts(plain) == {"KETTLE": (None, ())}
    choice = ColumnChoice(question="asked", reference=("good", "better"))
    assert _texts(_read(tmp_path, header, _rows(KETTLE), columns=choice)) == {
        "KETTLE": (KETTLE[1], KETTLE[2:])
    }


def test_several_reference_answers_in_rows(tmp_path):
    rows = _rows(KETTLE[:3], ("KETTLE", "", "it boils"))
    found = _read(tmp_path, ("item_id", "question", "reference", "text", "score"), [
        (*row[:3], f"{row[3]} {at}", row[4]) for at, row in enumerate(rows)
    ])  # fmt: skip
    assert _texts(found) == {"KETTLE": (KETTLE[1], ("steam leaves", "it boils"))}


def test_a_column_of_questions_may_name_the_items(tmp_path):
    rows = [("Why does it boil so soon?", "well", at % 2) for at in range(4)]
    found = _read(tmp_path, ("question", "response", "score"), rows)
    assert _texts(found) == {"Why does it boil so soon?": ("Why does it boil so soon?", ())}
    rows = [("Q1", "well", at % 2) for at in range(4)]
    assert _texts(_read(tmp_path, ("question", "response", "score"), rows)) == {"Q1": (None, ())}


@pytest.mark.parametrize("named", [False, True])
def test_two_questions_of_an_item(tmp_path, named):
    rows = _rows(KETTLE, ("KETTLE", "What is a kettle for?", "", ""))
    choice = ColumnChoice(question="question") if named else ColumnChoice()
    if named:
        with pytest.raises(TableError, match="row 6, column 'question': item 'KETTLE' has another"):
            _read(tmp_path, HEADER, rows, columns=choice)
    else:
        found = _read(tmp_path, HEADER, rows)
        assert found.items[0].prompt is None
        assert any("'question' is not taken" in note for note in found.notes)


def test_what_differs_in_most_rows_is_a_students_own(tmp_path):
    rows = [("K", f"my solution {at}", "well", at % 2) for at in range(12)]
    header = ("item_id", "solution", "response", "score")
    found = _read(tmp_path, header, rows)
    assert found.items[0].references == ()
    assert any("most rows of item 'K' differ in it" in note for note in found.notes)
    named = _read(tmp_path, header, rows, columns=ColumnChoice(reference=("solution",)))
    assert len(named.items[0].references) == 12


def test_a_number_of_each_row_is_no_reference_answer(tmp_path):
    rows = [("K", f"REF-{at}", "well", at % 2) for at in range(70)]
    found = _read(tmp_path, ("item_id", "reference", "response", "score"), rows)
    assert found.items[0].references == ()
    assert any("more than 60 different reference answers" in note for note in found.notes)


# A table of questions


def _both(tmp_path, header, questions, rows, responses=("item_id", "response", "score"), **more):
    path = _write(tmp_path / "questions.csv", header, questions)
    layout = Layout(references=path, **more.pop("layout", {}))
    return _read(tmp_path, responses, rows, layout=layout, **more)


PLAIN = [(name, f"well {at}", at % 2) for name in ("KETTLE", "SHADOW") for at in range(4)]


def test_a_table_of_questions(tmp_path):
    questions = [KETTLE[:3], ("KETTLE", "", "hot steam leaves"), ("MOON", "", "it turns")]
    found = _both(tmp_path, ("item", "question", "reference"), questions, PLAIN)
    assert _texts(found) == {"KETTLE": (KETTLE[1], KETTLE[2:]), "SHADOW": (None, ())}
    assert any("1 item without a row: 'SHADOW'" in note for note in found.notes)
    assert any("1 item without responses: 'MOON'" in note for note in found.notes)


def test_of_a_single_item_it_needs_no_column_of_items(tmp_path):
    rows = [row[1:] for row in PLAIN]
    found = _both(
        tmp_path, ("Model answer", "notes"), [("steam", "x")], rows, ("response", "score")
    )
    assert [item.references for item in found.items] == [("steam",)]
    with pytest.raises(TableError, match="no column names the item, and there are 2"):
        _both(tmp_path, ("Model answer", "notes"), [("steam", "x")], PLAIN)


def test_of_a_wide_table(tmp_path):
    header = ("student", "Q1", "Q1 score", "Q2", "Q2 score", "reference")
    rows = [(f"s{at}", f"it is {at}", at % 2, f"so {at} it", at % 2, "no") for at in range(6)]
    found = _both(tmp_path, ("item", "reference"), [("Q1", "steam"), ("Q2", "sun")], rows, header)
    assert _texts(found) == {"Q1": (None, ("steam",)), "Q2": (None, ("sun",))}
    # A column would be of both questions.
    assert _texts(_read(tmp_path, header, rows)) == {"Q1": (None, ()), "Q2": (None, ())}
    with pytest.raises(TableError, match="--references FILE"):
        _read(tmp_path, header, rows, columns=ColumnChoice(reference=("reference",)))


def test_of_criteria_it_names_the_whole(tmp_path):
    header = ("item_id", "response", "score: content", "score: language")
    rows = [("KETTLE", f"well {at}", at % 2, at % 3) for at in range(6)]
    found = _both(tmp_path, ("item", "reference"), [("KETTLE", "steam")], rows, header)
    assert [item.references for item in found.items] == [("steam",)] * 2
    assert [item.part_of for item in found.items] == ["KETTLE"] * 2


@pytest.mark.parametrize(
    ("header", "questions", "said"),
    [
        (("item", "x"), [("KETTLE", "y")], "no column holds reference answers or"),
        (("item", "reference"), [("OTHER", "y")], "it names none of the items"),
        (("item", "reference"), [("", "y")], "row 2, column 'item': is blank"),
        (("item", "reference"), [("KETTLE", "")], "no reference answer and no question"),
        (
            ("item", "question", "reference"),
            [("KETTLE", "Why?", "y"), ("KETTLE", "Or is it?", "z")],
            "row 3, column 'question': item 'KETTLE' has another question",
        ),
    ],
)
def test_what_is_wrong_with_it(tmp_path, header, questions, said):
    choice = ColumnChoice(question="question") if "question" in header else ColumnChoice()
    with pytest.raises(TableError) as raised:
        _both(tmp_path, header, questions, PLAIN, columns=choice)
    assert said in str(raised.value)
    assert "questions.csv" in str(raised.value)


def test_items_that_are_learned_from_together_share_a_scale(tmp_path):
    header = ("item_id", "reference", "response", "score")
    rows = [("A", "steam", "so it is", 0), ("B", "sun", "yes", 1), ("B", "sun", "no", 2)]
    found = _read(tmp_path, header, rows, pooled=True)
    assert [item.scale.classes for item in found.items] == [("0", "1", "2")] * 2
    assert not found.left_out


def test_no_usual_name_is_of_another_role():
    own = [name for role in (QUESTION, REFERENCE) for tier in role.tiers for name in tier.split()]
    assert len(own) == len({*own})
    others = {
        name
        for role in (*ROLES, STUDENT)
        if role.name != "item_id"  # "question" may name it, or hold its text
        for tier in role.tiers
        for name in tier.split()
    }
    assert not {*own} & others
    found = find_question_columns(["question", "item"], None, (), 1)
    assert found.question == 0
