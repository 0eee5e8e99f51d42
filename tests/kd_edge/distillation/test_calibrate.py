"""Calibration folded into the network, and what a student's scores are flagged by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from kd_edge.bundling.bundle import ExportItem, export
from kd_edge.data.responses import Row
from kd_edge.distillation.calibrate import calibrate, with_flags
from kd_edge.evaluation.calibration import at_temperature, fit_temperature
from kd_edge.evaluation.review import Review, review_of
from kd_edge.students import store
from kd_edge.students.registry import KINDS
from kd_edge_runtime import Scorer, backends
from kd_edge_runtime.bundle.manifest import NEAREST_EXPECTED, Flags
from workshop import sentences

TEXTS = sentences(120, seed=5)


def sharpened(student, factor):
    """The same student, surer than it should be; its own network."""
    from copy import deepcopy

    network = deepcopy(student.network)
    with torch.no_grad():
        network.last.weight *= factor
        network.last.bias *= factor
    return replace(student, network=network)


def held_out(student, texts=TEXTS):
    """Rows with scores that come as often as the student says."""
    rng = np.random.default_rng(3)
    found = student.probabilities(texts).astype(float)
    scores = [int(rng.choice(len(row), p=row / row.sum())) for row in found]
    return [
        Row(f"r{at}", student.item_id, text, score)
        for at, (text, score) in enumerate(zip(texts, scores, strict=True))
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_calibrated_in_its_last_layer(small_students, kind):
    student = sharpened(small_students[kind], 3.0)
    scores = np.array([row.score for row in held_out(small_students[kind])])
    before = student.probabilities(TEXTS)
    found, figures = calibrate(student.network, before, scores)
    temperature = figures["temperature"]
    assert temperature == round(fit_temperature(before, scores), 4) > 1.2
    assert student.probabilities(TEXTS) == pytest.approx(found, abs=1e-5)
    assert found == pytest.approx(at_temperature(before, temperature), abs=1e-6)
    assert figures["loss"] < figures["loss_before"]
    assert figures["error"] < figures["error_before"]
    assert small_students[kind].network.last.weight.abs().max() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_form_is_calibrated(small_students, tmp_path, kind):
    student = sharpened(small_students[kind], 3.0)
    rows = held_out(small_students[kind])
    calibrate(student.network, student.probabilities(TEXTS), np.array([one.score for one in rows]))
    wanted = student.probabilities(TEXTS[:40])
    path = tmp_path / "x.kdz"
    export([ExportItem(student)], path, {})
    for name in backends.NAMES:
        if kind in backends.students(name) and not backends.missing(name):
            with Scorer.open(path, name) as scorer:
                found = [one.probabilities for one in scorer.score_many(TEXTS[:40])]
            assert np.array(found) == pytest.approx(wanted, abs=1e-4 if kind == "bag" else 0.05)


def test_flags_go_with_the_student(small_students, tmp_path):
    rows = held_out(small_students["bag"])
    student = with_flags(small_students["bag"], TEXTS, rows, 0.8)
    assert student.flags.longest > 0
    assert len(student.flags.known) == 3
    review = review_of(student.provenance)
    assert isinstance(review, Review)
    assert (review.below, review.wanted) == (student.flags.review, 0.8)
    assert student.provenance["rows"] == 40, "what was there is kept"
    store.save(student, tmp_path / "s")
    again = store.load(tmp_path / "s")
    assert again.flags == student.flags
    assert review_of(again.provenance) == review


def test_a_student_of_an_older_version_has_none(small_students, tmp_path):
    assert review_of(small_students["bag"].provenance) is None
    store.save(small_students["bag"], tmp_path / "s")
    path = tmp_path / "s" / "student.json"
    path.write_text(path.read_text().replace('"flags"', '"unflagged"'))
    (tmp_path / "s" / "SHA256SUMS").unlink()
    assert store.load(tmp_path / "s").flags == Flags()


@pytest.mark.parametrize("decision", ["most-probable", NEAREST_EXPECTED])
def test_what_is_flagged_on_a_device_is_what_was_measured(small_students, tmp_path, decision):
    student = replace(small_students["bag"], decision=decision)
    rows = held_out(student)
    student = with_flags(student, TEXTS, rows, 0.55)
    path = tmp_path / "x.kdz"
    export([ExportItem(replace(student, flags=Flags(review=student.flags.review)))], path, {})
    with Scorer.open(path) as scorer:
        scores = scorer.score_many([row.text for row in rows])
    review = review_of(student.provenance)
    kept = [one for one in zip(scores, rows, strict=True) if one[0].flag != "review"]
    assert 0 < len(kept) < len(rows)
    assert review.share == pytest.approx(1 - len(kept) / len(rows), abs=1e-4)
    right = [score.predicted == student.scale.classes[row.score] for score, row in kept]
    assert review.accuracy == pytest.approx(np.mean(right), abs=1e-4)
