"""All figures of an item, its scorers, and of several items together."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import HUMANS, IN_PYTORCH, ON_DEVICE, TEACHER
from kd_edge.evaluation.calibration import expected_calibration_error
from kd_edge.evaluation.metrics import agreement
from kd_edge.evaluation.review import review_curve
from kd_edge.evaluation.rsmtool import GIVEN, SORTS
from kd_edge.report.figures.items import item_figures, together
from kd_edge.runs.test_scores import RowScorings
from scored_made import POINTS, WORDS, made_scored

SCORED = made_scored()
ITEM = item_figures("one", POINTS, SCORED, "test.csv")


def test_every_scorer_has_every_sort():
    assert [one.name for one in ITEM.machines] == [TEACHER, IN_PYTORCH, ON_DEVICE]
    for one in ITEM.machines:
        assert tuple(one.against_people) == SORTS
        assert tuple(one.degradation) == tuple(one.disattenuated) == SORTS
        assert tuple(one.true_scores) == SORTS
        assert [group.name for group in one.groups] == ["a", "b"]


@pytest.mark.parametrize("name", ["teacher", "student", "bundle"])
def test_the_figures_of_what_is_given_out_are_those_of_a_run(name):
    machine, scorings = getattr(ITEM, name), getattr(SCORED, name)
    run = agreement(SCORED.human, scorings.predicted, Scale.from_range(0, 3))
    given = machine.given
    assert given.qwk == pytest.approx(run.qwk)
    assert (given.responses, given.exact) == (run.responses, run.accuracy)
    assert (given.adjacent, given.macro_f1) == (run.adjacent, run.macro_f1)
    assert given is not machine.expected
    expected = scorings.probabilities @ np.arange(4)
    assert machine.expected.machine.mean == pytest.approx(expected.mean(), abs=1e-6)


def test_the_second_rater():
    assert ITEM.people == item_figures("one", POINTS, SCORED).people
    assert ITEM.people.responses == 80
    assert ITEM.people.exact == np.mean(SCORED.human == SCORED.second)
    alone = item_figures("one", POINTS, made_scored(second=False))
    assert alone.people is None
    for one in alone.machines:
        assert (one.degradation, one.disattenuated, one.true_scores) == ({}, {}, {})


def test_the_range_is_that_of_the_scale():
    wider = Scale.from_range(0, 5)  # nobody got a 4 or 5
    shares = np.hstack([SCORED.bundle.probabilities, np.zeros((80, 2))])
    scored = replace(
        SCORED,
        teacher=RowScorings(SCORED.teacher.predicted, shares),
        student=RowScorings(SCORED.student.predicted, shares),
        bundle=replace(SCORED.bundle, probabilities=shares),
    )
    item = item_figures("one", wider, scored)
    assert len(item.human_shares) == len(item.bundle.shares) == len(item.bundle.confusion) == 6
    assert item.human_shares[4:] == (0.0, 0.0)
    found = confusion_matrix(SCORED.human, SCORED.bundle.predicted, labels=range(6))
    assert np.array_equal(item.bundle.confusion, found)
    assert np.sum(item.bundle.confusion, axis=1)[0] == np.sum(SCORED.human == 0)
    assert sum(item.human_shares) == pytest.approx(1)


def test_scores_need_not_begin_with_zero():
    item = item_figures("one", Scale.from_range(2, 5), SCORED)
    assert item.bundle.given.reference.low == 2.0
    assert item.bundle.given.reference.high == 5.0
    # the teacher's are worked out from its probabilities
    assert 2 < item.teacher.expected.machine.mean < 5


def test_confidence_is_the_devices_own():
    tempered = replace(SCORED.bundle, confidence=SCORED.bundle.confidence * 0.5)
    item = item_figures("one", POINTS, replace(SCORED, bundle=tempered))
    right = SCORED.bundle.predicted == SCORED.human
    sure = item.bundle.sureness
    assert sure.error == pytest.approx(expected_calibration_error(tempered.confidence, right))
    assert sure.error > item.student.sureness.error
    assert sure.kept[0] == np.mean(right)
    assert sure.at(0.2) == review_curve(tempered.confidence, right, [0.2])[0]


def test_expected_scores_are_the_devices_own():
    told = replace(SCORED.bundle, expected=SCORED.bundle.expected + 0.25)
    item = item_figures("one", POINTS, replace(SCORED, bundle=told))
    mean = item.student.expected.machine.mean
    assert item.bundle.expected.machine.mean == pytest.approx(mean + 0.25)


def test_what_the_device_flags():
    flags = ("review", "", "empty", *("",) * 76, "review")
    scored = replace(SCORED, bundle=replace(SCORED.bundle, flags=flags))
    item = item_figures("one", POINTS, scored)
    assert item.flagged == {"empty": 1, "review": 2}
    plain = [at for at, flag in enumerate(flags) if not flag]
    right = SCORED.bundle.predicted == SCORED.human
    assert item.unflagged_exact == pytest.approx(right[plain].mean())
    everything = replace(scored, bundle=replace(scored.bundle, flags=("review",) * 80))
    assert item_figures("one", POINTS, everything).unflagged_exact is None


def test_student_and_teacher():
    assert ITEM.with_teacher.exact == np.mean(SCORED.teacher.predicted == SCORED.bundle.predicted)
    assert ITEM.with_student.exact == 1.0


def test_words():
    item = item_figures("one", WORDS, made_scored(scale=WORDS))
    assert not item.numeric
    for one in item.machines:
        assert tuple(one.against_people) == (GIVEN,)
        assert one.expected is one.given
        assert (one.given.qwk, one.given.smd, one.given.adjacent) == (None, None, None)
        assert (one.disattenuated, one.true_scores) == ({}, {})
        assert one.degradation[GIVEN].kappa is not None
        assert all(group.dsm == {} for group in one.groups)
    assert item.people.exact > 0.5


def test_figures_are_plain_numbers():
    for item in (ITEM, item_figures("one", WORDS, made_scored(scale=WORDS))):
        said = json.dumps(asdict(item), allow_nan=False)
        assert "student 7" not in said, "figures hold no words of students"
        assert json.loads(said)["responses"] == 80


def test_together():
    second = made_scored(40, WORDS, seed=1)
    third = made_scored(20, Scale.from_range(0, 2), seed=2)
    scored = [SCORED, second, third]
    items = [ITEM, item_figures("two", WORDS, second),
             item_figures("three", Scale.from_range(0, 2), third)]  # fmt: skip
    lines = {line.name: line for line in together(items, scored)}
    assert list(lines) == [HUMANS, TEACHER, IN_PYTORCH, ON_DEVICE]
    found = lines[ON_DEVICE]
    kappas = [items[0].bundle.given.qwk, items[2].bundle.given.qwk]
    assert found.qwk == pytest.approx(sum(kappas) / 2)
    assert found.lowest_qwk == min(kappas)
    shares = [item.bundle.given.exact for item in items]
    assert found.exact == pytest.approx(sum(shares) / 3)
    right = np.concatenate([one.bundle.predicted == one.human for one in scored])
    assert found.all_exact == pytest.approx(right.mean()) != found.exact
    sure = np.concatenate([one.bundle.confidence for one in scored])
    assert found.sureness.error == pytest.approx(expected_calibration_error(sure, right))
    assert lines[HUMANS].sureness is None
    assert lines[TEACHER].sureness != found.sureness


def test_together_without_a_second_rater_somewhere():
    one = made_scored(second=False)
    items = [ITEM, item_figures("two", POINTS, one)]
    assert [line.name for line in together(items, [SCORED, one])] == [
        TEACHER,
        IN_PYTORCH,
        ON_DEVICE,
    ]
    words = made_scored(scale=WORDS)
    item = item_figures("two", WORDS, words)
    assert {line.qwk for line in together([item, item], [words, words])} == {None}


def test_half_points_have_the_figures_of_whole_ones():
    halves = Scale.from_values((0, 0.5, 1, 1.5))
    one, other = (
        item_figures("one", scale, made_scored(scale=scale)) for scale in (halves, POINTS)
    )
    for half, whole in zip(one.machines, other.machines, strict=True):
        for kind in (GIVEN, "raw"):
            of_half, of_whole = half.against_people[kind], whole.against_people[kind]
            for name in (
                "exact",
                "adjacent",
                "kappa",
                "qwk",
                "smd",
                "correlation",
                "r2",
                "macro_f1",
            ):
                assert getattr(of_half, name) == pytest.approx(getattr(of_whole, name)), name
            assert 2 * of_half.rmse == pytest.approx(of_whole.rmse)
        assert half.confusion == whole.confusion
