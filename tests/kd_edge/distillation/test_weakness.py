"""Whether a student is worth using, by held-out responses."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from kd_edge.distillation import weakness
from kd_edge.distillation.choice import Choice
from kd_edge.distillation.distil import Distilled
from kd_edge.distillation.learning import LearningData
from kd_edge.training.doubts import GUESSING, NOT_HELPED
from workshop import certain, item_of

ITEM = item_of(60)
DATA = LearningData(ITEM, ITEM.rows[:40], ITEM.rows[40:], certain(ITEM.rows, 3))
FEW = replace(DATA, held_out=DATA.held_out[:19])
SCORES = np.array([row.score for row in DATA.held_out])
GOOD, BETTER, GUESS = np.where(np.arange(20) < 6, 0, SCORES), SCORES, np.zeros(20, dtype=int)


@pytest.mark.parametrize(
    ("student", "alone", "with_teacher", "kinds"),
    [
        (BETTER, GOOD, True, []),
        (GOOD, GOOD, True, []),
        (GOOD, BETTER, True, [NOT_HELPED]),
        (GOOD, BETTER, False, []),  # the one alone ships
        (GUESS, GOOD, True, [GUESSING]),
        (GUESS, GUESS, False, [GUESSING]),
    ],
)
def test_weaknesses(monkeypatch, small_students, student, alone, with_teacher, kinds):
    choice = Choice(1.0, with_teacher, False, 20, {})
    provenance = {**small_students["bag"].provenance, "choice": asdict(choice)}
    one = replace(small_students["bag"], scale=ITEM.scale, provenance=provenance)
    other = replace(one)
    said = {id(one): student, id(other): alone}
    monkeypatch.setattr(
        weakness, "of_rows", lambda model, rows: np.eye(3)[said[id(model)][: len(rows)]]
    )
    found = weakness.weaknesses(DATA, Distilled(one, other))
    assert [doubt.kind for doubt in found] == kinds
    few = weakness.weaknesses(FEW, Distilled(one, other))
    assert [doubt.kind for doubt in few] == [kind for kind in kinds if kind == GUESSING]
    assert all("on 20 held-out responses" in str(doubt) for doubt in found)
    assert all(str(doubt).startswith("item 'tiny'") for doubt in found)
