"""When a run says that its small model is not worth using."""

from __future__ import annotations

import dataclasses

import pytest

from kd_edge.distillation.choice import Choice
from kd_edge.evaluation.agreement import BASELINE, MAJORITY, STUDENT, Line, Pooled
from kd_edge.evaluation.metrics import Agreement
from kd_edge.runs.cross_item.agreement import ClassAgreement, Part
from kd_edge.runs.item_run import ItemReport
from kd_edge.runs.verdict import shortfalls, shortfalls_together

ALONE = Choice(1.0, False, False, 30, {"student": 0.5, "baseline": 0.4})


def report(student, alone=(0.5, 0.4), majority=0.4, name="x"):
    """An item's report; a scorer's accuracy and QWK."""

    def line(who, accuracy, qwk):
        return Line(who, Agreement(50, accuracy, None, 0.3, qwk))

    lines = (line(STUDENT, *student), line(BASELINE, *alone), line(MAJORITY, majority, 0.0))
    values = dict.fromkeys(field.name for field in dataclasses.fields(ItemReport))
    return ItemReport(**{**values, "item_id": name, "lines": lines})


def pooled(student, alone):
    return [Pooled(STUDENT, 2, 100, student, 0, "", 0), Pooled(BASELINE, 2, 100, alone, 0, "", 0)]


@pytest.mark.parametrize(
    ("student", "alone", "majority", "said"),
    [
        ((0.7, 0.6), (0.6, 0.5), 0.4, None),
        ((0.4, 0.05), (0.3, 0.0), 0.4, "no better than always"),
        ((0.38, 0.19), (0.5, 0.1), 0.4, "no better than always"),
        ((0.85, 0.55), (0.8, 0.5), 0.9, None),  # most have one score, and it finds the others
        ((0.7, 0.5), (0.7, 0.5), 0.4, "the large model did not help"),
        ((0.7, 0.5), (0.7, 0.6), 0.4, "the large model did not help"),
        ((1.0, 1.0), (1.0, 1.0), 0.4, None),
        ((1.0, 0.0), (1.0, 0.0), 1.0, "the large model did not help"),
    ],
)
def test_of_one_item(student, alone, majority, said):
    found = shortfalls([report(student, alone, majority)], [])
    assert len(found) == bool(said)
    assert not said or (said in str(found[0]) and "item 'x'" in str(found[0]))


def test_of_several_items_the_teacher_is_judged_over_all():
    good, bad = report((0.7, 0.6)), report((0.6, 0.3), (0.6, 0.4), name="y")
    assert shortfalls([good, bad], pooled(0.45, 0.4)) == []
    [said] = shortfalls([good, bad], pooled(0.4, 0.4))
    assert str(said).startswith("all items together: the large model did not help")
    [said] = shortfalls([good, report((0.3, 0.0), name="z")], pooled(0.5, 0.4))
    assert str(said).startswith("item 'z': the small model is no better")


def test_of_one_student_for_all_questions():
    def part(student, alone, majority):
        scorers = {STUDENT: student, BASELINE: alone, MAJORITY: majority}
        return [
            Part("all", {who: ClassAgreement(50, 0.5, 0.4, f1, 0.1) for who, f1 in scorers.items()})
        ]

    assert shortfalls_together(part(0.6, 0.5, 0.4), None) == []
    assert "no better than always" in str(shortfalls_together(part(0.4, 0.3, 0.4), None)[0])
    assert "did not help" in str(shortfalls_together(part(0.6, 0.6, 0.4), None)[0])
    assert shortfalls_together(part(0.6, 0.6, 0.4), ALONE) == []
    assert "no better than always" in str(shortfalls_together(part(0.4, 0.3, 0.4), ALONE)[0])


def test_a_model_alone_that_was_chosen_is_no_shortfall():
    same = dataclasses.replace(report((0.7, 0.5), (0.7, 0.5)), choice=ALONE)
    assert shortfalls([same], []) == []
    assert shortfalls([same, same], pooled(0.5, 0.5)) == []
    learnt = dataclasses.replace(same, choice=dataclasses.replace(ALONE, with_teacher=True))
    assert "did not help" in str(shortfalls([same, learnt], pooled(0.5, 0.5))[0])
    guess = dataclasses.replace(report((0.3, 0.0)), choice=ALONE)
    assert "no better than always" in str(shortfalls([guess], [])[0])
