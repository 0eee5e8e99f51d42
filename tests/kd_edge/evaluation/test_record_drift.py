"""Scores beside a bundle's record: false alarms as rare as promised, and what changes is found."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from kd_edge.evaluation.drift import FIGURES, OTHER, UNKNOWN, Scores, compare
from kd_edge.evaluation.record_drift import RecordedScores
from kd_edge_runtime.bundle.held_out import HeldOut

CLASSES = ("0", "1", "2", "3")
SCORE = (0.25, 0.4, 0.3, 0.05)
CONFIDENCE = (0, 0, 0.01, 0.05, 0.09, 0.15, 0.2, 0.2, 0.2, 0.1)
FLAGS = {"": 0.8, "review": 0.15, "unlike": 0.04, "empty": 0.01}
UNKNOWNS = (0, 0.02, 0.08, 0.2, 0.3, 0.2, 0.12, 0.05, 0.03, *(0,) * 11)
TERMS, WEEKS, PROMISED = 100, 6, 0.2
MOST = 33  # of 100 terms at a true rate of 0.2, more come once in 1,000


def recorded(rng, number=120, told=3):
    """A record of responses by chance, of whose counts those below `told` are left out."""

    def counts(shares):
        drawn = rng.multinomial(number, np.array(shares) / sum(shares))
        return tuple(int(count) if count >= told else 0 for count in drawn)

    flags = dict(zip(FLAGS, counts([*FLAGS.values()]), strict=True))
    return HeldOut(number, counts(SCORE), counts(CONFIDENCE), flags, counts(UNKNOWNS))


def week(rng, number=60, score=SCORE, confidence=CONFIDENCE, flags=FLAGS, unknown=UNKNOWNS):
    """Scores of as many responses as these shares give by chance."""

    def drawn(names, shares):
        counts = rng.multinomial(number, np.array(shares) / sum(shares))
        return Counter({name: int(count) for name, count in zip(names, counts, strict=True)})

    bins = drawn(range(10), confidence)
    return Scores(
        drawn(CLASSES, score),
        drawn(flags, [*flags.values()]),
        [at / 10 + 0.05 for at in bins.elements()],
        drawn(range(20), unknown),
    )


def weeks_of(rng, record):
    """Weeks drawn from a record's own shares."""
    shares = {
        "score": record.score,
        "confidence": record.confidence,
        "flags": record.flag,
        "unknown": record.unknown,
    }
    return {str(at): {"a": week(rng, **shares)} for at in range(WEEKS)}


@pytest.mark.parametrize("of_itself", [True, False])
def test_false_alarms_are_as_rare_as_promised(of_itself):
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(TERMS):
        record = recorded(rng, told=0 if of_itself else 3)
        weeks = {str(at): {"a": week(rng)} for at in range(WEEKS)}
        parts = weeks_of(rng, record) if of_itself else weeks
        found = compare({"a": RecordedScores(record, CLASSES)}, parts, PROMISED)
        assert len(found) == WEEKS * 4
        assert sum(one.level for one in found) <= PROMISED
        alarms += any(one.alarm for one in found)
    assert alarms <= MOST
    assert of_itself or alarms > 0


@pytest.mark.parametrize(
    ("figure", "change"),
    [
        ("score", {"score": (0.6, 0.3, 0.1, 0)}),
        ("confidence", {"confidence": CONFIDENCE[::-1]}),
        ("flag", {"flags": {**FLAGS, "unlike": 0.5}}),
        (UNKNOWN, {"unknown": (0,) * 5 + UNKNOWNS[:15]}),
    ],
)
def test_changes_are_found(figure, change):
    rng = np.random.default_rng(1)
    reference = {"a": RecordedScores(recorded(rng), CLASSES)}
    parts = {"1": {"a": week(rng)}, "2": {"a": week(rng, **change)}}
    found = compare(reference, parts, 0.01)
    assert {(one.part, one.figure) for one in found if one.alarm} == {("2", figure)}
    assert all(sum(one.now.values()) == pytest.approx(1) for one in found)
    assert all(sum(one.before.values()) == pytest.approx(1) for one in found)


def test_what_the_record_does_not_tell_is_one_class():
    record = HeldOut(100, (50, 47, 0, 0), (0,) * 5 + (100,) + (0,) * 4, {"": 100})
    now = Scores(Counter({"0": 10, "3": 4}), Counter({"odd": 14}), [0.55] * 14, Counter({3: 14}))
    counts = RecordedScores(record, CLASSES).beside(now)
    assert [*counts] == [*FIGURES], "unknown words are compared where the record has them"
    assert counts["score"] == (Counter({"0": 50, "1": 47, OTHER: 3}), Counter({"0": 10, OTHER: 4}))
    assert counts["flag"] == (Counter({"": 100}), Counter({OTHER: 14}))
    assert counts["confidence"][1] == Counter({"0.50 to 0.60": 14})
    whole = RecordedScores(HeldOut(100, (1,) * 4, (1,) * 10, {}, (5,) * 20), CLASSES)
    assert UNKNOWN in whole.beside(now)
    now.add("0", 0.5, "")  # of this one the words are not known
    assert UNKNOWN not in whole.beside(now)
