"""Scores are compared by their names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kd_edge import DistilOptions, Labels, distil, evaluate, export, read_responses
from kd_edge.teacher.card import read_card
from kd_edge.teacher.finetune import Teacher
from kd_edge_runtime.errors import InputError
from tiny import untrained_teacher
from workshop import SMALL, item_of, write_table

ITEM = item_of(30)


@pytest.fixture(scope="module")
def models(tiny_model, tmp_path_factory):
    """Responses, and a teacher, a student and a bundle."""
    folder = tmp_path_factory.mktemp("models")
    responses = read_responses(write_table(folder / "responses.csv", [ITEM]))
    labels = [f"{row.response_id},{row.score}" for row in ITEM.rows]
    (folder / "labels.csv").write_text("\n".join(["response_id,label", *labels]) + "\n")
    options = DistilOptions(student_options=SMALL["bag"], epochs=1, teacher_share=1.0)
    made = distil(responses, Labels.read(folder / "labels.csv", responses), options=options)
    export(made, folder / "item.kdz", responses=responses)
    teacher = untrained_teacher(folder / "teacher", tiny_model, ITEM.scale.classes)
    held_out = tuple(row.response_id for row in ITEM.rows[:6])
    options = {"precision": "fp32"}
    card = replace(read_card(teacher), options=options, validation_ids=held_out)
    return responses, (Teacher(teacher, card, 24, 1, 1.0), made.student, folder / "item.kdz")


@pytest.mark.parametrize("which", [0, 1, 2], ids=["teacher", "student", "bundle"])
def test_classes_in_another_order(models, which):
    responses, model = models[0], models[1][which]
    (item,) = responses.items
    turned = tuple(replace(row, score=2 - row.score) for row in item.rows)
    other = replace(responses, items=(replace(item, rows=turned, scale=item.scale.turned()),))
    assert evaluate(model, other).agreement == evaluate(model, responses).agreement


@pytest.mark.parametrize("which", [0, 1, 2], ids=["teacher", "student", "bundle"])
def test_a_score_that_the_model_does_not_give(models, which):
    responses, model = models[0], models[1][which]
    words = replace(ITEM.scale, classes=("0", "1", "two"), numeric=False)
    unknown = replace(responses, items=(replace(responses.items[0], scale=words),))
    with pytest.raises(InputError, match="has the score two, and the model gives 0, 1, 2"):
        evaluate(model, unknown)
