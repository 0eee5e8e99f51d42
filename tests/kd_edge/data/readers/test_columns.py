from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kd_edge.data.readers.columns import ColumnChoice, find_columns
from kd_edge.data.readers.student_column import STUDENT
from kd_edge_runtime.tables.roles import ROLES, known_names, plain

NEEDED = ("text", "score")
OWN = ("response_id", "item_id", "text", "score", "score2", "group", "split")


def find(*header: str, needed: tuple[str, ...] = NEEDED, **choice: str):
    return find_columns(header, ColumnChoice(**choice), needed)


def messages(found) -> str:
    return "\n".join([*(problem.message for problem in found.problems), found.hint])


def test_our_own_names_need_no_note():
    found = find(*OWN)
    assert found.names == {name: name for name in OWN}
    assert found.notes == ()
    assert found.problems == ()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            ("Id", "EssaySet", "Score1", "Score2", "EssayText"),
            ("Id", "EssaySet", "EssayText", "Score1", "Score2"),
        ),
        (
            ("Student Answer", "QUESTION-ID", "rater_1", "Rater 2", "answer_id"),
            ("answer_id", "QUESTION-ID", "Student Answer", "rater_1", "Rater 2"),
        ),
        (
            ("id", "question", "studentAnswer", "accuracy", "human2"),
            ("id", "question", "studentAnswer", "accuracy", "human2"),
        ),
    ],
)
def test_guesses_the_usual_names(header, expected):
    found = find(*header)
    assert found.problems == ()
    roles = ("response_id", "item_id", "text", "score", "score2")
    assert found.names == dict(zip(roles, expected, strict=True))


def test_notes_say_what_was_guessed():
    assert find("EssayText", "score").notes == ("text ← 'EssayText'",)


def test_the_resolved_score_beats_the_first_rater():
    assert find("text", "score1", "score2", "score").names == {
        "text": "text",
        "score": "score",
        "score2": "score2",
    }


def test_other_columns_are_nobodys():
    assert set(find("text", "score", "teacher", "date", "").positions) == {"text", "score"}


@pytest.mark.parametrize(
    ("header", "option"),
    [
        (("text", "Response", "score"), "--text-column"),
        (("text", "label", "grade"), "--score-column"),
        (("text", "score", "rater2", "score_2"), "--score2-column"),
        (("text", "score", "response_id", "answer id"), "--id-column"),
        (("text", "score", "item", "question"), "--item-column"),
        (("text", "score", "group", "subgroup"), "--group-column"),
        (("text", "score", "split", "partition"), "--split-column"),
    ],
)
def test_two_equal_candidates_are_a_problem_that_names_both(header, option):
    found = find(*header)
    assert len(found.problems) == 1
    assert option in messages(found)
    assert sum(f"'{name}'" in found.problems[0].message for name in header) == 2


def test_a_choice_settles_it():
    found = find("text", "Response", "score", text="Response")
    assert found.names["text"] == "Response"
    assert found.problems == ()


def test_a_chosen_column_is_not_guessed_for_another_role():
    found = find("text", "score", "score2", score="score2")
    assert found.names == {"text": "text", "score": "score2"}


@pytest.mark.parametrize("role", OWN)
def test_every_role_can_be_chosen(role):
    found = find("text", "score", "zzz", **{role: "zzz"})
    assert found.names[role] == "zzz"


def test_a_choice_that_is_not_there():
    found = find("EssayText", "Final_Mark", "who", score="final mark")
    assert "no column 'final mark' (--score-column): did you mean 'Final_Mark'?" in messages(found)
    assert "1 'EssayText', 2 'Final_Mark', 3 'who'" in messages(found)
    assert "score" not in found.positions


def test_a_column_for_two_roles():
    found = find("words", "score", text="words", score="words")
    assert "'words' is named twice: --score-column needs another" in messages(found)


def test_missing_columns_are_all_named():
    found = find("who", "when")
    assert "the responses: name it with --text-column NAME" in messages(found)
    assert "the scores: name it with --score-column NAME" in messages(found)
    assert "None of the 2 columns has a name that kd-edge knows" in messages(found)
    assert find("who", "when", needed=()).problems == ()


def test_many_columns_are_not_all_listed():
    said = messages(find(*(f"c{n}x" for n in range(1, 47)), needed=("text",)))
    assert "40 'c40x'" in said
    assert "'c41x'" not in said
    assert "and 6 more" in said


@pytest.mark.parametrize(
    "cells",
    [
        ("r1", "because the acid eats the marble away over time", "2"),
        ("r1", "it dissolves", "2"),
        ("r one", "it's hot", "two"),
        ('{"id": "r one"', '"text": "it is hot"}', "two"),
        ("r1", "its mass went down in the end", "good"),
    ],
)
def test_a_missing_header_is_seen_and_no_response_is_shown(cells):
    said = messages(find(*cells, text="text"))
    assert "Row 1 looks like a response" in said
    assert cells[1] not in said


def test_a_long_name_is_shortened():
    long = "How sure are you of this\nscore, from one to five?"
    said = messages(find("essay_text", long, "zzz"))
    assert "1 'essay_text', 2 'How sure are you of this scor…', 3 'zzz'" in said


def test_names_of_columns_that_nobody_needs_may_be_equal():
    assert find("text", "score", "x", "x", "", "").problems == ()
    long = "it dissolves in the acid of the rain"
    assert find("text", "score", long, long).problems == ()


def test_a_known_name_over_two_columns():
    (problem,) = find("text", "score", "text").problems
    assert problem.message == (
        "columns 1 and 3 are all called 'text': say which holds the responses by its number, "
        "e.g. --text-column 1"
    )


def test_a_column_by_its_number():
    found = find("words", "", "", "words", text="4", score="2")
    assert found.problems == ()
    assert found.positions == {"text": 3, "score": 1}
    assert find("3", "text", "score", group="3").positions["group"] == 0  # a name first
    for number in ("0", "5", "-1", "1.0", "²"):
        assert "there is no column" in messages(find("a", "b", "c", "d", text=number))


def test_a_name_over_two_lines():
    found = find("The\nresponse", "score", text="The response")
    assert found.names["text"] == "The\nresponse"


@pytest.mark.parametrize(
    ("header", "text", "score"),
    [
        (("Antwort", "Punkte"), 0, 1),
        (("Schüler-Antwort", "PUNKTZAHL"), 0, 1),
        (("Réponse", "Note"), 0, 1),
        (("REPONSE DE L'ÉLÈVE", "Notation"), 0, 1),
        (("Respuesta", "Puntuación"), 0, 1),
        (("respuesta del estudiante", "CALIFICACION"), 0, 1),
        (("YANIT", "PUAN"), 0, 1),
        (("Yanıt", "Puan"), 0, 1),
        (("cevap", "Not"), 0, 1),
        # Moodle
        (("Surname", "First name", "Grade/3.00", "Question 1", "Response 1"), 4, 2),
        (("Grade/3.00", "Q. 1 /3.00", "Response 1", "Right answer 1"), 2, 1),
        (("Nachname", "Bewertung/3,00", "Antwort 1", "Richtige Antwort 1"), 2, 1),
        (("Apellido(s)", "Calificación/10,00", "Respuesta 1"), 2, 1),
        # forms
        (("Timestamp", "Username", "Why does the ice melt?", "Score"), 2, 3),
        (("Timestamp", "Score", "Why so?\nSay it.", "Why so?\nSay it. [Score]"), 2, 3),
        (("Id", "Name", "Total points", "Why is it?", "Points - Why is it?"), 3, 4),
        (("Timestamp", "Score", "Why is it?", "Why is it? [Score]", "Why is it? [Feedback]"), 2, 3),
        (("name", "id", "102: Why does the ice melt?", "3.0", "n correct", "score"), 2, 3),
        (("Zeitstempel", "Punkte", "Warum schmilzt das Eis so bald?"), 2, 1),
        (("Text (of the student)", "Points (0-3)"), 0, 1),
    ],
)
def test_headers_as_they_come(header, text, score):
    found = find(*header)
    assert found.problems == ()
    assert (found.positions["text"], found.positions["score"]) == (text, score)


def test_two_questions_as_titles_are_asked_about():
    said = messages(find("Timestamp", "Score", "Why does the ice melt?", "What did you see in it?"))
    assert "'Why does the ice melt?' and 'What did you see in it?' could both hold" in said
    assert messages(find("id", "Response 1", "Response 2", "score")).startswith("'Response 1' and")


def test_a_misspelled_name_is_shown():
    assert "--text-column NAME (is it 'Anwser'?)" in messages(find("id", "Anwser", "score"))


def test_known_names_counts():
    assert known_names(("Essay Text", "SCORE-1", "teacher")) == 2


HEADERS = st.lists(
    st.one_of(
        st.sampled_from([n for role in ROLES for tier in role.tiers for n in tier.split()]),
        st.text(max_size=40),
    ),
    max_size=12,
).map(tuple)


@settings(deadline=None, max_examples=200)
@given(HEADERS)
def test_any_header_gives_each_column_one_role_at_most(header):
    found = find(*header)
    assert len(set(found.positions.values())) == len(found.positions)
    for role, position in found.positions.items():
        # These two may have titles, numbers and brackets.
        assert role in NEEDED or any(
            plain(header[position]) in tier.split()
            for r in (*ROLES, STUDENT)
            if r.name == role
            for tier in r.tiers
        )


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(OWN), st.sampled_from(" _-."), st.booleans())
def test_case_and_what_stands_between_do_not_matter(role, between, upper):
    name = role.replace("_", between)
    header = (name.upper() if upper else name,)
    assert find(*header, needed=()).names == {role: header[0]}
