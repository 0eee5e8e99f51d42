"""Choices in fine-tuning: each trained once, kept in several ways, gathered in a table."""

from __future__ import annotations

import json

import pytest
import torch
from click.testing import CliRunner

from benchmarks import record, teacher_choices, teacher_folds
from benchmarks.teacher_choices import Choice
from benchmarks.teacher_trial import KEPT, Extras, Trial, _stopped
from kd_edge.teacher.source import resolve
from kd_edge.training.epoch import EpochFigures
from tiny import tiny_item, tiny_options

ITEM = tiny_item()
CHOICES = (
    Choice("first"),
    Choice("slower", extras=Extras(layer_decay=0.5, probe=True)),
    Choice("dropped", extras=Extras(r_drop=1.0, all_layers=True)),
)


@pytest.fixture
def tiny(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(teacher_choices, "CHOICES", CHOICES)
    monkeypatch.setattr(teacher_folds, "learning", lambda *_: (ITEM, list(ITEM.rows)))
    monkeypatch.setattr(teacher_choices, "resolve", lambda _: resolve(str(tiny_model)))
    monkeypatch.setattr(teacher_choices, "_bag", lambda part, _: torch.eye(3)[scores(part)].numpy())
    monkeypatch.setattr(
        teacher_choices, "TeacherOptions", lambda **_: tiny_options(tiny_model, epochs=4)
    )
    monkeypatch.setattr(record, "RESULTS", tmp_path)


def scores(part):
    return [row.score for row in part.measured]


def called(tmp_path, *more):
    arguments = ["made-tiny", "--work", str(tmp_path), *more]
    return CliRunner().invoke(teacher_choices.main, arguments, catch_exceptions=False)


@pytest.mark.usefixtures("tiny")
def test_each_choice_is_trained_once_and_gathered(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(teacher_choices, "say", said.append)
    done = called(tmp_path, "--fold", "0", "--choice", "first", "--choice", "slower")
    assert [line.rpartition(": ")[2] for line in said] == [
        "first",
        teacher_choices._BAG,
        "slower",
    ]
    lines = [line for line in done.stdout.splitlines() if line.startswith("|")][2:]
    assert len(lines) == 2 * len(KEPT) + 1
    assert "+0.000" in lines[0], "the first row is its own measure"
    figures = json.loads((tmp_path / "teacher_choices.json").read_text())["figures"]["made-tiny"]
    assert figures[teacher_choices._BAG]["kept"]["bag"]["qwk"] == 1
    assert figures["first"]["trainings"] == [[0, 0]]
    again = called(tmp_path, "--fold", "0", "--choice", "dropped")
    assert len(said) == 4, "what is finished is not trained again"
    assert "slower" in again.stdout, "and is shown"


def test_parts_share_no_response():
    for part in teacher_folds.parts("made-inequality", None):
        groups = [
            {row.response_id for row in rows} for rows in (part.rows, part.held_out, part.measured)
        ]
        assert all(groups)
        assert len(set.union(*groups)) == sum(map(len, groups))


def test_a_trial_is_the_training_of_a_teacher(tiny_model, tmp_path):
    """What the table says of the moving average is what kd-edge fine-tunes."""
    from kd_edge.teacher.finetune import finetune
    from kd_edge.teacher.predict import predict

    options = tiny_options(tiny_model, epochs=2)
    held = [row.response_id for row in ITEM.rows[:9]]
    trial = Trial(ITEM, ITEM.rows[9:], ITEM.rows[:9], options, resolve(str(tiny_model)))
    said = trial.measured(ITEM.rows[:9])["moving"]
    finetune(ITEM, ITEM.rows, options, tmp_path / "t", validation_ids=held)
    texts = [row.text for row in ITEM.rows[:9]]
    assert predict(tmp_path / "t", texts, precision="fp32") == pytest.approx(said, abs=1e-5)


def test_where_a_training_would_have_stopped():
    kappas = (0.1, 0.5, 0.4, 0.5, 0.3, 0.9)
    history = [EpochFigures(at, 1.0, 1.0 + at, 0.5, kappa) for at, kappa in enumerate(kappas, 1)]
    assert _stopped(history, 3) == 1
    assert _stopped(history, 5) == 5
