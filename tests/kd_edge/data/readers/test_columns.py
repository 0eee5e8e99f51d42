from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kd_edge.data.readers.columns import ColumnChoice, find_columns
from kd_edge_runtime.tables.columns import ROLES, known_names, plain_name

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
    assert "'EssayText', 'Final_Mark', 'who'" in messages(found)
    assert "score" not in found.positions


def test_a_column_for_two_roles():
    found = find("words", "score", text="words", score="words")
    assert "'words' is named twice: --score-column needs another" in messages(found)


def test_missing_columns_are_all_named():
    found = find("who", "when")
    assert "the responses: name it with --text-column NAME" in messages(found)
    assert "the scores: name it with --score-column NAME" in messages(found)
    assert "'who', 'when'" in messages(found)
    assert find("who", "when", needed=()).problems == ()


def test_many_columns_are_not_all_listed():
    said = messages(find(*(f"c{chr(97 + n)}" for n in range(26)), needed=("text",)))
    assert "'ct'" in said
    assert "'cu'" not in said
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


def test_one_long_name_hides_only_itself():
    long = "How sure are you of this score, from one to five?"
    said = messages(find("essay_text", long, "zzz"))
    assert "'essay_text', 'zzz'" in said
    assert long not in said


def test_names_over_two_columns():
    found = find("text", "score", "x", "x", "", "")
    assert messages(found).startswith("columns 3 and 4 are all called 'x'\n")
    assert found.problems[0].row == 1


def test_a_known_name_over_two_columns_is_one_problem():
    (problem,) = find("text", "score", "text").problems
    assert problem.message == "columns 1 and 3 are all called 'text'"


def test_a_response_over_two_columns_is_not_shown():
    said = messages(find("text", "score", *["it dissolves in the acid of the rain"] * 2))
    assert said.startswith("columns 3 and 4 are all called by the same name\n")
    assert "dissolves" not in said


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
        assert any(
            plain_name(header[position]) in tier.split()
            for r in ROLES
            if r.name == role
            for tier in r.tiers
        )


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(OWN), st.sampled_from(" _-."), st.booleans())
def test_case_and_what_stands_between_do_not_matter(role, between, upper):
    name = role.replace("_", between)
    header = (name.upper() if upper else name,)
    assert find(*header, needed=()).names == {role: header[0]}
