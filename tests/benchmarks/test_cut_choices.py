"""Choices in cutting: trained once each, measured on held-out responses, gathered in a table."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from benchmarks import cut_choices, record
from benchmarks.work_folder import Left
from kd_edge.distillation.distil import distil
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.students import store
from tiny import untrained_teacher
from workshop import SMALL, certain, item_of

ITEM = item_of(90)
ROWS, HELD_OUT = ITEM.rows[:60], ITEM.rows[60:]
LABELS = certain(ITEM.rows, 3)
TEXTS = tuple(row.text for row in item_of(20, seed=1).rows)
VARIANTS = Variants(TEXTS, cut_choices.np.full((20, 3), 1 / 3))
# The names of the script's own, for a teacher of two layers.
CHOICES = tuple(
    replace(one, student={**SMALL["transformer"], **one.student})
    for one in cut_choices.CHOICES
    if "layers" not in one.student
)


@pytest.fixture
def left(tiny_model, tmp_path, monkeypatch):
    folder = tmp_path / "item"
    folder.mkdir()
    teacher = untrained_teacher(folder / "teacher", tiny_model, ITEM.scale.classes)
    data = LearningData(ITEM, ROWS, HELD_OUT, LABELS, VARIANTS, teacher)
    made = distil(data, DistilOptions(epochs=1, student_options=SMALL["bag"]), folder / "work")
    store.save(made.student, folder / "student")
    store.save(made.baseline, folder / "baseline")
    found = Left(folder, ITEM, ROWS, HELD_OUT, (), LABELS, VARIANTS, ())
    monkeypatch.setattr(cut_choices, "asap_sas", lambda *_: found)
    monkeypatch.setattr(cut_choices, "CHOICES", CHOICES)
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    return found


def called(tmp_path, *more):
    arguments = ["7", "--data", str(tmp_path), *more]
    return CliRunner().invoke(cut_choices.main, arguments, catch_exceptions=False)


def test_the_way(left, tmp_path, monkeypatch):
    trained = []
    real = cut_choices.train_student
    monkeypatch.setattr(
        cut_choices, "train_student", lambda *given: trained.append(given[-1]) or real(*given)
    )
    done = called(tmp_path, "--choice", "default", "--choice", "vectors, weight 1")
    assert trained == ["default: layers 0, 5", "vectors, weight 1"]
    header, _, *lines = (line for line in done.stdout.splitlines() if line.startswith("|"))
    assert [line.split("|")[1].strip() for line in lines] == ["teacher", *trained]
    assert header.count("|") == lines[0].count("|")
    figures = json.loads((tmp_path / "cut_choices.json").read_text())["figures"]["7"]
    assert figures["held out"] == 30
    assert [figures["teacher"][name] for name in ("qwk", "correlation")] == pytest.approx([1, 1])
    one = figures["vectors, weight 1"]
    assert (one["seeds"], one["qwk_spread"]) == (1, 0)
    assert one["bytes"] > 1000
    again = called(tmp_path, "--choice", "default", "--seeds", "2")
    assert len(trained) == 3
    assert "| 1 | 2 |" in next(line for line in again.stdout.splitlines() if "| default" in line)
    assert "vectors, weight 1" in again.stdout, "what was trained before is shown too"
    assert not (left.folder / "cut_choices" / "default-layers-0-5-0").exists(), "it is a checkpoint"


@pytest.mark.usefixtures("left")
def test_a_choice_that_is_not_there(tmp_path):
    done = called(tmp_path, "--choice", "ten layers")
    assert done.exit_code == 2
    assert "choose from default" in done.stderr
