"""Soft labels mixed from two scorers, and the student that ships."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from kd_edge.distillation import stacking
from kd_edge.distillation.choice import choice_of
from kd_edge.distillation.distil import distil, soft_labels
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.distillation.stacking import SHARES, choose_share, of_rows, stacked
from kd_edge.evaluation.metrics import quadratic_kappa
from kd_edge.soft_labels.label_variants import Variants
from workshop import SMALL, certain, item_of

ITEM = item_of(60)
ROWS, HELD_OUT = ITEM.rows[:45], ITEM.rows[45:]
RIGHT = certain(ITEM.rows, 3)
WRONG = {name: share[::-1].copy() for name, share in RIGHT.items()}
VARIANTS = Variants(("the ice", "warm vinegar"), np.array([[0.9, 0.1, 0.0], [0.0, 1.0, 0.0]]))
OPTIONS = DistilOptions(epochs=40, student_options=SMALL["bag"])


def _data(labels=RIGHT, **more):
    return LearningData(ITEM, ROWS, HELD_OUT, labels, VARIANTS, **more)


def _distil(folder, labels=RIGHT, **options):
    return distil(_data(labels), replace(OPTIONS, **options), folder / "work")


def _scorer(right, number=200, sure=0.8, seed=0):
    """Probabilities, [N, 3], of a scorer that is right of a share; and the scores."""
    rng = np.random.default_rng(seed)
    scores = np.arange(number) % 3
    given = np.where(rng.random(number) < right, scores, (scores + 1) % 3)
    shares = np.full((number, 3), (1 - sure) / 2)
    shares[np.arange(number), given] = sure
    return shares, scores


def test_who_is_better_gets_the_weight():
    good, scores = _scorer(0.85, seed=1)
    bad, _ = _scorer(0.4, seed=2)
    assert choose_share(good, bad, scores, ITEM.scale) == 1.0
    assert choose_share(bad, good, scores, ITEM.scale) == 0.5
    other, _ = _scorer(0.85, seed=3)
    assert choose_share(good, other, scores, ITEM.scale) < 1  # they err on different responses


def test_of_many_questions_a_teacher_may_get_no_weight_at_all():
    bad, scores = _scorer(0.4, sure=0.9, seed=2)
    good, _ = _scorer(0.85, seed=1)
    assert choose_share(bad, good, scores, ITEM.scale, many=True) == 0
    assert choose_share(good, bad, scores, ITEM.scale, many=True) >= 0.75
    other, _ = _scorer(0.85, seed=3)
    assert 0 < choose_share(good, other, scores, ITEM.scale, many=True) < 1


def test_of_many_questions_the_student_that_is_more_often_right_ships(monkeypatch):
    # Of both probabilities the losses are as good, by the rule of one standard error.
    mine, scores = _scorer(0.70, seed=1)
    alone, _ = _scorer(0.72, seed=1)
    assert (mine.argmax(1) == scores).sum() < (alone.argmax(1) == scores).sum()
    rows = tuple(replace(ITEM.rows[0], score=int(one)) for one in scores)
    monkeypatch.setattr(stacking, "of_rows", lambda scorer, _: scorer.probabilities)
    one, two = (SimpleNamespace(probabilities=own) for own in (mine, alone))

    def ships(**more):
        data = SimpleNamespace(held_out=rows, held_out_labelled=False, **more)
        monkeypatch.setattr(stacking, "replace", lambda _, provenance: provenance)
        one.provenance = {}
        return stacking.judged(data, one, two, 1.0, OPTIONS)["choice"]["with_teacher"]

    assert ships(relations=None)
    assert not ships(relations={})


def test_who_is_far_behind_is_left_out_whatever_the_loss(monkeypatch):
    good, scores = _scorer(0.85, seed=1)
    other, _ = _scorer(0.85, seed=3)
    behind = quadratic_kappa(scores, good.argmax(1), (0, 1, 2)) - quadratic_kappa(
        scores, other.argmax(1), (0, 1, 2)
    )
    for limit, far in ((behind + 0.001, False), (behind - 0.001, True)):
        monkeypatch.setattr(stacking, "_FAR_BEHIND", limit)
        assert (choose_share(good, other, scores, ITEM.scale) == 1) is far


def test_a_teacher_that_is_too_sure_is_not_mixed_for_that():
    sure, scores = _scorer(0.8, sure=0.9999, seed=1)
    other, _ = _scorer(0.45, sure=0.45, seed=2)
    mixed = [stacking.log_losses(stacking.mean(sure, other, share), scores) for share in SHARES]
    assert np.mean(mixed[1]) < np.mean(mixed[0])  # the mixture is less sure, and no more than that
    assert choose_share(sure, other, scores, ITEM.scale) == 1.0


def test_the_mean_of_labels_and_variants(tmp_path):
    data = _data()
    alone = _distil(tmp_path, teacher_share=1.0).baseline
    mixed = stacked(data, alone, 0.25)
    own = of_rows(alone, ITEM.rows)
    for at, row in enumerate(ITEM.rows):
        wanted = 0.25 * RIGHT[row.response_id] + 0.75 * own[at]
        np.testing.assert_allclose(mixed.labels[row.response_id], wanted)
    assert mixed.variants.texts == VARIANTS.texts
    wanted = 0.25 * VARIANTS.probabilities + 0.75 * alone.probabilities(VARIANTS.texts)
    np.testing.assert_allclose(mixed.variants.probabilities, wanted)
    assert stacked(data, alone, 1.0) is data
    unlabelled = stacked(replace(data, labels=certain(ROWS, 3)), alone, 0.5)
    assert unlabelled.labels.keys() == certain(ROWS, 3).keys()
    assert stacked(replace(data, variants=None), alone, 0.5).variants is None


def test_the_share_is_chosen_by_held_out_responses(tmp_path):
    for labels, share in ((RIGHT, 1.0), (WRONG, 0.5)):
        choice = choice_of(_distil(tmp_path, labels).student.provenance)
        assert choice.teacher_share == share
        assert (choice.losses["labels"] < choice.losses["teacher"]) == (share < 1)


def test_the_baseline_ships_where_it_is_better(tmp_path, monkeypatch):
    # A share that is wrong: the choice between the two students catches it.
    monkeypatch.setattr(stacking, "choose_share", lambda *_: 1.0)
    made = _distil(tmp_path, WRONG, weight=4.0)
    choice = choice_of(made.student.provenance)
    assert not choice.with_teacher
    assert choice.losses["student"] > choice.losses["baseline"]
    assert made.student.network is made.baseline.network
    assert "choice" not in made.baseline.provenance
    asked = _distil(tmp_path, WRONG, weight=4.0, teacher_share=1.0)
    choice = choice_of(asked.student.provenance)
    assert choice.given
    assert choice.with_teacher


def test_labels_of_another_model_without_those_of_held_out_rows(tmp_path):
    made = _distil(tmp_path, certain(ROWS, 3))
    choice = choice_of(made.student.provenance)
    assert choice.teacher_share == 1.0
    assert choice.losses.keys() == {"student", "baseline"}


def test_without_the_teachers_labels_nothing_is_chosen(tmp_path):
    assert choice_of(_distil(tmp_path, weight=0.0).student.provenance) is None


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_another_student_learns_from_the_same_labels(tmp_path, share):
    data = _data()
    made = _distil(tmp_path, teacher_share=share)
    again = soft_labels(data, made)
    wanted = stacked(data, made.baseline, share)
    for name, own in wanted.labels.items():
        np.testing.assert_array_equal(again.labels[name], own)
    np.testing.assert_array_equal(again.variants.probabilities, wanted.variants.probabilities)
