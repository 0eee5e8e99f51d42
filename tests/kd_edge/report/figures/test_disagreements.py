"""Which responses are shown, and in which order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import NO_SCORE
from kd_edge.report.figures.disagreements import SHOWN, disagreements
from kd_edge.report.figures.reasons import Reasons
from kd_edge.runs.test_scores import BundleScorings
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


def all_of(found):
    return [found.typical, *found.furthest, *found.surest, *found.teacher]


def without(order, *shown):
    """The first of an order that were not shown before."""
    before = {at for rows in shown for at in places(rows)}
    return [at for at in order.tolist() if at not in before][:SHOWN]


def test_surest_and_wrong():
    found = disagreements(SCORED, POINTS)
    wrong = np.flatnonzero(SCORED.bundle.predicted != SCORED.human)
    order = wrong[np.argsort(-SCORED.bundle.confidence[wrong])]
    assert places(found.surest) == without(order, [found.typical], found.furthest)


def test_no_response_is_shown_twice():
    found = disagreements(SCORED, POINTS)
    ids = [one.response_id for one in all_of(found)]
    assert len(ids) == len(set(ids)) == 1 + 3 * SHOWN
    same = replace(SCORED, texts=("The  same words.", "the same WORDS.") * 100)
    assert len(all_of(disagreements(same, POINTS))) == 1, "nor are the same words"


def test_the_same_words_to_another_question_are_another_response():
    same = replace(SCORED, texts=("It melts.",) * 200, questions=("one", "two") * 100)
    found = all_of(disagreements(same, POINTS))
    assert sorted(one.response_id.split(":")[0] for one in found) == ["one", "two"]


def test_a_usual_wrong_score():
    found = disagreements(SCORED, POINTS).typical
    (at,) = places([found])
    apart = np.abs(SCORED.human - SCORED.bundle.predicted)
    wrong = apart > 0
    assert apart[at] == np.bincount(apart[wrong]).argmax()
    assert found.flag == "", "people do not see it"
    like = wrong & (apart == apart[at]) & (np.array(SCORED.bundle.flags) == "")
    confidence = SCORED.bundle.confidence
    below, above = (
        (confidence[like] < found.confidence).sum(),
        (confidence[like] > found.confidence).sum(),
    )
    assert abs(below - above) <= 1, "the middling one"


def test_a_usual_wrong_score_is_short_where_one_is():
    (at,) = places([disagreements(SCORED, POINTS).typical])
    texts = [text + " and more" * 60 for text in SCORED.texts]
    long = replace(SCORED, texts=tuple(texts))
    assert places([disagreements(long, POINTS).typical]) == [at]
    other = next(
        place
        for place in range(200)
        if place != at
        and SCORED.human[place] != SCORED.bundle.predicted[place]
        and not SCORED.bundle.flags[place]
        and abs(SCORED.human[place] - SCORED.bundle.predicted[place])
        == abs(SCORED.human[at] - SCORED.bundle.predicted[at])
    )
    texts[other] = "short"
    assert disagreements(replace(SCORED, texts=tuple(texts)), POINTS).typical.text == "short"


def test_only_flagged_scores_are_wrong():
    flagged = replace(SCORED.bundle, flags=("review",) * 200)
    assert disagreements(replace(SCORED, bundle=flagged), POINTS).typical.flag == "review"


def test_a_score_between_more_probable_ones():
    shares = np.tile([0.45, 0.1, 0.45], (4, 1))
    bundle = BundleScorings(np.ones(4, int), shares, np.ones(4), np.full(4, 0.1), ("",) * 4)
    scored = made_scored(4, Scale.from_range(0, 2))
    scored = replace(scored, bundle=bundle, human=np.zeros(4, int))
    found = disagreements(scored, Scale.from_range(0, 2)).typical
    assert (found.student, found.likelier, found.expected, found.confidence) == ("1", "0", 1.0, 0.1)
    assert {one.likelier for one in all_of(disagreements(SCORED, POINTS))} == {""}


def test_what_is_explained():
    asked = []

    def explain(text, given, other):
        asked.append((given, other))
        return Reasons((text,))

    found = disagreements(SCORED, POINTS, explain)
    assert found.typical.why == Reasons((found.typical.text,))
    assert all(given != other for given, other in asked), "people's score, or else the teacher's"


def test_furthest_from_the_teacher():
    found = disagreements(SCORED, POINTS)
    other = np.flatnonzero(SCORED.bundle.predicted != SCORED.teacher.predicted)
    apart = np.abs(SCORED.bundle.expected - SCORED.teacher.probabilities @ np.arange(4))
    order = other[np.argsort(-apart[other])]
    assert places(found.teacher) == without(order, [found.typical], found.furthest, found.surest)


def test_words_have_no_distance():
    scored = made_scored(200, WORDS)
    found = disagreements(scored, WORDS)
    assert found.furthest == ()
    assert found.surest[0].human in WORDS.classes
    apart = np.abs(scored.bundle.probabilities - scored.teacher.probabilities).sum(axis=1)
    other = np.flatnonzero(scored.bundle.predicted != scored.teacher.predicted)
    order = other[np.argsort(-apart[other])]
    assert places(found.teacher) == without(order, [found.typical], found.surest)


def test_no_second_score_is_no_score():
    scored = replace(SCORED, second=np.full(200, NO_SCORE))
    assert {one.second for one in disagreements(scored, POINTS).furthest} == {""}


def test_nothing_to_show():
    right = replace(SCORED.bundle, predicted=SCORED.human)
    agreeing = replace(SCORED.teacher, predicted=SCORED.human)
    found = disagreements(replace(SCORED, bundle=right, teacher=agreeing), POINTS)
    assert (found.typical, found.furthest, found.surest, found.teacher) == (None, (), (), ())
