"""Which responses are shown, and in which order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kd_edge.evaluation.agreement import NO_SCORE
from kd_edge.report.figures.disagreements import SHOWN, disagreements
from scored_made import POINTS, WORDS, made_scored

SCORED = made_scored(200)


def places(found):
    return [int(one.response_id[1:]) for one in found]


def test_furthest_from_people():
    found = disagreements(SCORED, POINTS).furthest
    at = places(found)
    given, human = SCORED.bundle.predicted, SCORED.human
    apart = np.abs(human - given)
    assert len(at) == len(set(at)) == SHOWN
    assert sorted(apart[at], reverse=True) == apart[at].tolist()
    assert apart[at].min() >= np.delete(apart, at).max()
    nearer = np.abs(human - SCORED.bundle.expected)
    pairs = [(-apart[one], -nearer[one]) for one in at]
    assert pairs == sorted(pairs), "of the same distance, the less hesitant first"
    first = found[0]
    assert first.text == SCORED.texts[at[0]]
    assert (first.human, first.student) == (str(human[at[0]]), str(given[at[0]]))
    assert first.teacher == str(SCORED.teacher.predicted[at[0]])
    assert first.second == str(SCORED.second[at[0]])
    assert first.confidence == SCORED.bundle.confidence[at[0]]


def test_surest_and_wrong():
    at = places(disagreements(SCORED, POINTS).surest)
    wrong = np.flatnonzero(SCORED.bundle.predicted != SCORED.human)
    order = wrong[np.argsort(-SCORED.bundle.confidence[wrong])]
    assert at == order[:SHOWN].tolist()


def test_furthest_from_the_teacher():
    at = places(disagreements(SCORED, POINTS).teacher)
    other = np.flatnonzero(SCORED.bundle.predicted != SCORED.teacher.predicted)
    apart = np.abs(SCORED.bundle.expected - SCORED.teacher.probabilities @ np.arange(4))
    assert at == other[np.argsort(-apart[other])][:SHOWN].tolist()


def test_words_have_no_distance():
    scored = made_scored(200, WORDS)
    found = disagreements(scored, WORDS)
    assert found.furthest == ()
    assert found.surest[0].human in WORDS.classes
    apart = np.abs(scored.bundle.probabilities - scored.teacher.probabilities).sum(axis=1)
    other = np.flatnonzero(scored.bundle.predicted != scored.teacher.predicted)
    assert places(found.teacher) == other[np.argsort(-apart[other])][:SHOWN].tolist()


def test_no_second_score_is_no_score():
    scored = replace(SCORED, second=np.full(200, NO_SCORE))
    assert {one.second for one in disagreements(scored, POINTS).furthest} == {""}


def test_nothing_to_show():
    right = replace(SCORED.bundle, predicted=SCORED.human)
    agreeing = replace(SCORED.teacher, predicted=SCORED.human)
    found = disagreements(replace(SCORED, bundle=right, teacher=agreeing), POINTS)
    assert (found.furthest, found.surest, found.teacher) == ((), (), ())
