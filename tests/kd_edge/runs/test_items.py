"""Several items: what fails, what goes on, and the figures over all."""

from __future__ import annotations

import pytest

from kd_edge.evaluation.agreement import Line, pooled
from kd_edge.evaluation.metrics import Agreement
from kd_edge.runs.items import Failed, each_item, refuse_too_many
from kd_edge.stages.record import StoppedError
from kd_edge_runtime.errors import InputError, ParityError


def half(number):
    if number < 0:
        raise InputError(f"{number} is negative")
    if number % 2:
        raise ParityError(f"{number} is odd")
    return number // 2


def test_what_fails_stops_no_other(capsys):
    done, failed = each_item([("a", 2), ("b", 3), ("c", -1), ("d", 8)], half)
    assert done == [1, 4]
    assert failed == [Failed("b", "3 is odd"), Failed("c", "-1 is negative")]
    said = capsys.readouterr().err
    assert "Item 2 of 4: 'b'" in said
    assert "failed; the other items continue: 3 is odd" in said


def test_the_only_item_fails_as_it_fails(capsys):
    with pytest.raises(ParityError, match="3 is odd"):
        each_item([("a", 3)], half)
    assert each_item([("a", 4)], half) == ([2], [])
    assert capsys.readouterr().err == ""


def test_when_all_fail_each_is_named():
    with pytest.raises(InputError, match=r"none of the 2 items.*\n  'a': 1 is odd\n  'b': 3"):
        each_item([("a", 1), ("b", 3)], half)


@pytest.mark.parametrize("error", [StoppedError("enough"), ZeroDivisionError()])
def test_a_stop_or_what_is_unforeseen_ends_all(error):
    done = []

    def go(number):
        done.append(number)
        raise error

    with pytest.raises(type(error)):
        each_item([("a", 1), ("b", 2)], go)
    assert done == [1]


@pytest.mark.parametrize(
    ("students", "limit", "most"),
    [
        (["bag"], None, 1000),
        (["transformer"], None, 200),
        (["both"], None, 200),
        (["bag", "transformer"], None, 200),
        (["bag", "transformer"], 8_000_000, 200),
        (["bag", "transformer"], 2 << 20, 512),
        (["bag", "transformer"], 16_000, 1000),
    ],
)
def test_more_items_than_a_bundle_holds_are_refused(students, limit, most):
    refuse_too_many(most, students, limit)
    with pytest.raises(InputError, match=f"{most + 1:,} items are too many .* divide the resp"):
        refuse_too_many(most + 1, students, limit)


def test_smaller_students_are_named_where_they_are_enough():
    with pytest.raises(InputError, match="--student bag, or --max-size 2147KB at most; or divide"):
        refuse_too_many(500, ["both"])
    refuse_too_many(500, ["both"], 2_147_000)
    for items, students in ((1001, ["both"]), (1001, ["bag"])):
        with pytest.raises(InputError, match="of this kind: divide"):
            refuse_too_many(items, students)


def line(name, responses, accuracy, qwk):
    return Line(name, Agreement(responses, accuracy, None, 0.5, qwk))


def test_the_figures_over_all_items():
    teacher, student = pooled(
        [
            ("a", [line("teacher", 100, 0.8, 0.9), line("student", 100, 0.6, 0.7)]),
            ("b", [line("teacher", 300, 0.4, 0.5)]),
        ]
    )
    assert (teacher.name, teacher.items, teacher.responses) == ("teacher", 2, 400)
    assert teacher.qwk == pytest.approx(0.7)
    assert (teacher.least_qwk, teacher.least_item) == (0.5, "b")
    assert teacher.accuracy == pytest.approx(0.5)
    assert (student.items, student.qwk, student.least_item) == (1, 0.7, "a")
