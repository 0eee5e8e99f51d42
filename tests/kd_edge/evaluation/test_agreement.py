"""The lines of the table that compares the scorers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import (
    BASELINE,
    HUMANS,
    MAJORITY,
    NO_SCORE,
    STUDENT,
    TEACHER,
    Sizes,
    human_scores,
    lines,
    second_scores,
)
from kd_edge.evaluation.metrics import agreement
from workshop import item_of

SIZES = Sizes(
    teacher_parameters=22_000_000,
    teacher_bytes=90_000_000,
    student_parameters=20_000,
    plain_bytes=30_000,
    bundle_bytes=120_000,
)
ITEM = item_of(12)
TEST = ITEM.rows[:6]  # scores 0 1 2 0 1 2
TRAIN = tuple(replace(row, score=score) for row, score in zip(ITEM.rows[6:], (1, 1, 1, 0, 2, 2)))
FOUND = {
    TEACHER: np.array([0, 1, 2, 0, 1, 2]),
    STUDENT: np.array([0, 1, 2, 0, 1, 0]),
    BASELINE: np.array([0, 1, 1, 0, 0, 0]),
}


def test_every_scorer_has_a_line():
    found = lines(ITEM, TRAIN, TEST, FOUND, SIZES)
    assert [line.name for line in found] == [TEACHER, STUDENT, BASELINE, MAJORITY]
    teacher, student, baseline, majority = found
    human = human_scores(TEST)
    assert teacher.agreement.accuracy == 1.0
    assert student.agreement == agreement(human, FOUND[STUDENT], Scale.from_range(0, 2))
    assert baseline.agreement.accuracy == 0.5
    assert (teacher.parameters, teacher.bytes) == (22_000_000, 90_000_000)
    assert (student.parameters, student.bytes) == (20_000, 30_000)
    assert (baseline.parameters, baseline.bytes) == (20_000, 30_000)
    assert (majority.parameters, majority.bytes) == (None, None)


def test_the_majority_is_that_of_the_rows_learnt_from():
    # Of the training rows it is 1; of the test rows it would be 0.
    test = [replace(row, score=0) for row in TEST[:5]] + [replace(TEST[5], score=1)]
    majority = lines(ITEM, TRAIN, test, FOUND, SIZES)[-1]
    assert majority.agreement.accuracy == pytest.approx(1 / 6)


def test_a_second_rater_comes_first_and_is_held_against_the_rows_it_scored():
    test = [
        replace(row, score2=row.score if place in (1, 3, 4) else None)
        for place, row in enumerate(TEST)
    ]
    found = lines(ITEM, TRAIN, test, FOUND, SIZES)
    assert [line.name for line in found][:2] == [HUMANS, TEACHER]
    assert found[0].agreement.responses == 3
    assert found[0].agreement.accuracy == 1.0
    assert found[1].agreement.responses == 6
    assert (found[0].parameters, found[0].bytes) == (None, None)


def test_second_scores():
    rows = [replace(TEST[0], score2=2), TEST[1], replace(TEST[2], score2=0)]
    assert second_scores(rows).tolist() == [2, NO_SCORE, 0]


def test_words_have_no_adjacent_scores():
    words = replace(ITEM, scale=Scale(("bad", "fair", "good"), numeric=False))
    assert {line.agreement.adjacent for line in lines(words, TRAIN, TEST, FOUND, SIZES)} == {None}


def test_how_much_smaller():
    assert SIZES.times_fewer_parameters == 1100
    assert SIZES.times_smaller == 3000
    assert SIZES.times_smaller_bundle == 750
