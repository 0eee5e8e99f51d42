"""The model card of a bundle."""

from __future__ import annotations

from dataclasses import asdict, replace

from kd_edge.bundling.model_card import CardFigures, CardItem, card_text
from kd_edge.distillation.choice import Choice
from kd_edge.evaluation.agreement import MAJORITY, STUDENT, Line
from kd_edge.evaluation.metrics import Agreement
from kd_edge.evaluation.review import Review
from kd_edge.evaluation.tables import figures_markdown

AGREEMENT = Agreement(responses=70, accuracy=0.8, adjacent=0.99, macro_f1=0.7, qwk=0.85)
LINES = (Line(STUDENT, AGREEMENT, 28_000, 41_000), Line(MAJORITY, AGREEMENT))


def test_one_item(small_students):
    student = replace(small_students["bag"], provenance={"rows": 1666, "variants": 50_000})
    text = card_text(
        [CardItem(student, CardFigures("70 responses it was not trained on (test.csv)", LINES))]
    )
    assert text.startswith("# Scores written answers to one item\n\n")
    assert text.endswith("\n")
    assert "## Item made-bag" in text
    assert "Scores 0, 1, 2; a small model of the kind 'bag' with" in text
    assert f"{student.parameters:,} parameters" in text
    assert "1,666 responses scored by people and 50,000 variants scored by the large" in text
    assert "Measured on 70 responses it was not trained on (test.csv):" in text
    assert figures_markdown(LINES) in text
    assert "Not for" in text, "what it must not be used for stands on it"
    assert "*student* and *teacher*" in text, "the terms are explained"
    assert "at least 3 responses share" in text


def test_a_student_that_was_not_measured_says_so(small_students):
    text = card_text([CardItem(small_students["bag"])])
    assert "It has not been measured" in text
    assert "Measured on" not in text


def test_what_its_scores_are_worth(small_students):
    student = small_students["bag"]
    assert "calibrated" not in card_text([CardItem(student)])
    review = Review(0.61, 0.9, False, 200, 0.2, 0.78, 0.74, 0.74)
    made = {**student.provenance, "calibration": {"temperature": 1.254}, "review": asdict(review)}
    text = card_text([CardItem(replace(student, provenance=made))])
    assert "calibrated on responses it was not trained on (temperature 1.25). Scores with a" in text
    assert str(review) in text
    choice = Choice(0.5, True, False, 30, {"teacher": 0.5, "labels": 0.4})
    text = card_text([CardItem(replace(student, provenance={**made, "choice": asdict(choice)}))])
    assert str(choice) in text


def test_several_items(small_students):
    items = [
        CardItem(small_students["bag"], CardFigures("these", LINES)),
        CardItem(small_students["rnn"]),
    ]
    text = card_text(items)
    assert "to 2 items" in text
    assert text.index("## Item made-bag") < text.index("## Item made-rnn")
    assert text.count("Measured on") == 1


def test_what_it_says_of_students_words_is_so(small_students):
    bag, rnn, transformer = (small_students[kind] for kind in ("bag", "rnn", "transformer"))
    assert "hashes" in card_text([CardItem(bag)])
    assert "single words" not in card_text([CardItem(bag)])
    assert "single words" in card_text([CardItem(rnn)])
    assert "hashes" not in card_text([CardItem(rnn)])
    assert "public language model" in card_text([CardItem(transformer)])
    both = card_text([CardItem(bag), CardItem(rnn)])
    assert "hashes" in both
    assert "single words" in both
    loose = replace(bag, options=replace(bag.options, min_responses=1))
    assert "at least 1 responses" in card_text([CardItem(bag), CardItem(loose)])


def test_a_second_student(small_students):
    bag, rnn = small_students["bag"], small_students["rnn"]
    text = card_text([CardItem(bag, second=rnn)])
    assert f"a second, larger model of the kind 'rnn' with {rnn.parameters:,} parameters" in text
    assert "single words" in text, "what it holds of students' words is said too"
    assert "larger model" not in card_text([CardItem(bag)])
