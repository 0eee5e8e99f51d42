"""When the second student is asked, and how both count, by held-out responses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kd_edge.data.responses import Scale
from kd_edge.distillation.cascade import Cascade, CascadeOptions, choose_cascade
from kd_edge.evaluation.decision import decided
from kd_edge_runtime.backends.cascade import together
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE, NEAREST_EXPECTED
from kd_edge_runtime.errors import InputError

SCALE = Scale.from_range(0, 2)


def students(number=400, first=1.0, second=1.0, seed=1, classes=3):
    """People's classes, and what two students say of them: the larger the number, the righter."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(classes, size=number)
    rows = []
    for strength in (first, second):
        logits = rng.normal(size=(number, classes))
        logits[np.arange(number), scores] += strength
        powers = np.exp(logits * max(strength, 0.3))
        rows.append(powers / powers.sum(axis=1, keepdims=True))
    return rows[0], rows[1], scores


def chosen(first, second, scores, decision=MOST_PROBABLE, **options):
    return choose_cascade(first, second, scores, SCALE, decision, CascadeOptions(**options))


def scored(cascade: Cascade, first, second, decision=MOST_PROBABLE):
    """The classes that a device would give."""
    confidence = first[np.arange(len(first)), decided(first, SCALE, decision)]
    shares = np.array(
        [
            together(one, two, cascade.weight, cascade.temperature) if unsure else one
            for one, two, unsure in zip(first, second, confidence < cascade.below, strict=True)
        ]
    )
    return decided(shares, SCALE, decision)


@pytest.mark.parametrize("decision", [MOST_PROBABLE, NEAREST_EXPECTED])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.75, 1.0])
def test_at_most_the_share_is_asked(decision, share):
    first, second, scores = students()
    made = chosen(first, second, scores, decision, share=share)
    assert share - 0.01 <= made.figures.share <= share
    classes = scored(made, first, second, decision)
    assert made.figures.both == pytest.approx((classes == scores).mean())
    assert made.figures.reached


def test_a_better_second_helps_and_a_worse_one_counts_little():
    first, second, scores = students(first=1.0, second=2.5)
    good = chosen(first, second, scores)
    assert good.weight > 0.6
    assert good.figures.both > good.figures.first + 0.05
    first, second, scores = students(first=1.5, second=0.0)
    bad = chosen(first, second, scores)
    assert bad.weight < 0.25
    assert bad.figures.both > bad.figures.first - 0.02


def test_few_responses_hardly_move_the_weight():
    first, second, scores = students(number=20, first=1.0, second=2.5)
    assert abs(chosen(first, second, scores).weight - 0.5) < 0.25
    assert chosen(first[:1], second[:1], scores[:1], share=0.3).weight == 0.5


def test_as_few_as_the_wanted_agreement_needs():
    first, second, scores = students(first=1.0, second=3.0)
    alone = chosen(first, second, scores).figures
    wanted = alone.first + 0.05
    made = chosen(first, second, scores, share=1.0, agreement=wanted)
    assert made.figures.reached
    assert made.figures.both >= wanted
    fewer = chosen(first, second, scores, share=made.figures.share - 0.05)
    assert fewer.figures.both < wanted
    none = chosen(first, second, scores, agreement=alone.first - 0.01)
    assert (none.below, none.figures.share, none.figures.both) == (0.0, 0.0, alone.first)


def test_an_agreement_out_of_reach_is_said():
    first, second, scores = students(first=1.0, second=1.0)
    made = chosen(first, second, scores, agreement=0.999)
    assert not made.figures.reached
    assert made.figures.share <= 0.3
    assert made.figures.both >= made.figures.first
    assert "100% was asked for, and is not reached" in str(made.figures)


def test_confidence_is_that_of_both():
    """Its review threshold and its calibration are of what a device says, not of the first."""
    first, second, scores = students(number=4000, first=1.0, second=2.0)
    made = choose_cascade(first, second, scores, SCALE, MOST_PROBABLE, None, 0.8)
    assert made.review.responses == 4000
    assert made.review.all == pytest.approx(made.figures.both)
    assert made.review.wanted == 0.8
    softer = chosen(first, second**3 / (second**3).sum(axis=1, keepdims=True), scores)
    assert softer.temperature > 1
    assert made.figures.error < 0.1


def test_its_provenance_is_json():
    made = chosen(*students())
    again = json.loads(json.dumps(made.provenance(), allow_nan=False))
    assert again["below"] == made.below
    assert again["review"]["below"] == made.review.below
    assert again["share"] == pytest.approx(0.3, abs=0.01)


def test_said_to_a_school():
    text = str(replace(chosen(*students()).figures, share=0.3, first=0.7, both=0.8, second=0.75))
    assert "asked about the 30% of 400 held-out responses" in text
    assert "80% of the scores equal people's scores (the first alone 70%" in text


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"share": 0}, "share is 0"),
        ({"share": 1.1}, "share is 1.1"),
        ({"share": float("nan")}, "share is nan"),
        ({"agreement": 0}, "is 0"),
        ({"agreement": 1}, "is 1"),
        ({"agreement": 80}, "is 80"),
    ],
)
def test_what_cannot_be_wanted(options, why):
    with pytest.raises(InputError, match=why):
        CascadeOptions(**options)


@settings(max_examples=50)
@given(
    number=st.integers(1, 60),
    share=st.floats(0.01, 1),
    seed=st.integers(0, 1000),
    equal=st.booleans(),
)
def test_never_more_than_the_share_on_any_responses(number, share, seed, equal):
    first, second, scores = students(number, seed=seed)
    if equal:  # a student that has the same confidence in everything
        first = np.tile(first[:1], (number, 1))
    made = chosen(first, second, scores, share=share)
    assert made.figures.share <= share + 1e-9
    assert 0 <= made.below <= 1
    assert 0 <= made.weight <= 1
    assert 0.25 <= made.temperature <= 4
