"""Which columns of a wide table hold the responses to a question, and which its scores."""

from __future__ import annotations

import pytest

from kd_edge_runtime.tables.wide import columns_of, key_of, questions

MELT, ELSE = "Why does the ice melt?", "What else would you say?"


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("id|Q1|Q1 score|Q2|Q2 score", "Q1 Q2"),
        ("Response 1|Grade 1|Response 2|Grade 2/3.00", "1 2"),
        ("Question 1|Response 1|Right answer 1|Q. 1 /3.00|Response 2|Q. 2 /3.00", "1 2"),
        ("name|102: Why?|1.0|103: What else?|2.0|n correct", "102 103"),
        ("answer_q1|score_q1|answer_q2|score_q2", "q1 q2"),
        ("Q1Answer|Q1Score|Q2Answer|Q2Score", "Q1 Q2"),
        ("text1|score1|text2|score2", "1 2"),
        ("1a|1b|1a mark|1b mark", "1a 1b"),
        ("Antwort 1|Punkte 1|Antwort 2|Punkte 2", "1 2"),
        ("Réponse 1|Note 1|Réponse 2|Note 2", "1 2"),
        ("Respuesta 1|Puntuación 1|Respuesta 2|Puntuación 2", "1 2"),
        ("Cevap 1|Puan 1|Cevap 2|Puan 2", "1 2"),
        ("Q1 (max 3)|Q1 Score|Q2 (max 2)|Q2 Score", "Q1 Q2"),
        (
            "Question 1: Why does it melt?|Question 1: Score|2. What else is so?|2. Points",
            "Question_1 2",
        ),
        ("Q1 response|Q1|Q2 response|Q2", "Q1 Q2"),
        ("id|Answer|Score|Answer|Score", "1 2"),
        # Not wide: two raters of one text, criteria of one text, scores of nothing.
        ("id|text|score1|score2", ""),
        ("Id|EssaySet|Score1|Score2|EssayText", ""),
        ("response_id|text|score|score_content|score_language", ""),
        ("Q1|Q1 score|Q1 points", ""),
    ],
)
def test_questions(header, names):
    assert [one.name for one in questions(header.split("|"))] == [
        name.replace("_", " ") for name in names.split()
    ]


def test_a_question_may_be_the_title():
    header = ["Time", MELT, f"{MELT} [Score]", f"{MELT} [Feedback]", ELSE, f"Points - {ELSE}"]
    assert [(one.name, one.text, one.score) for one in questions(header)] == [
        (MELT, 1, 2),
        (ELSE, 4, 5),
    ]


def test_second_raters():
    header = ["Q1", "Q1 rater1", "Q1 rater2", "Q2", "Q2 score"]
    assert [(one.score, one.score2) for one in questions(header)] == [(1, 2), (4, None)]


@pytest.mark.parametrize("name", ["Q1", "q 1", "Question 1", "Aufgabe 1", "1"])
def test_the_same_question_by_other_names(name):
    assert key_of(name) == "1"


def test_where_the_responses_to_questions_are():
    header = ["id", "Response 1", "Q2 ", "Q2 score", "102: Why?", "1.0"]
    assert columns_of(header, ["1", "Q2", "102", "wool"]) == {"1": 1, "Q2": 2, "102": 4}


def test_a_column_that_two_questions_fit_is_neither_s():
    assert columns_of(["Response 1"], ["1", "Q1"]) == {}
