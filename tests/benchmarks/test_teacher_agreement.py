"""The table of teachers' agreement, and that the teacher's scores are compared with people's."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import record, teacher_agreement
from kd_edge.data.responses import Item, Responses, Row
from kd_edge.data.scale import Scale
from kd_edge.evaluation.agreement import BASELINE, TEACHER
from kd_edge.runs.item_task import ItemTask
from kd_edge.soft_labels.labels import SoftLabels, write_labels


def test_its_table(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    today = {"qwk": 0.8, "accuracy": 0.7}
    figures = {"asap-sas-9": today, "asap-sas-1": {**today, "qwk": 0.6}, "sample-wool-ice": today}
    (tmp_path / "teacher_agreement.json").write_text(json.dumps({"figures": figures}))
    lines = [
        {"name": TEACHER, "agreement": {"qwk": 0.75, "accuracy": 0.65}},
        {"name": BASELINE, "agreement": {"qwk": 0.5, "accuracy": 0.4}},
    ]
    before = json.dumps({"figures": {"item": {"lines": lines}}})
    for name in figures:
        (tmp_path / f"agreement-{name}.json").write_text(before)
    table = teacher_agreement.table(teacher_agreement.REAL)
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == ["ASAP-SAS 1 (science)", "ASAP-SAS 9 (reading)", "mean"]
    assert rows[2][1:] == ["0.700", "0.750", "0.500", "0.700", "0.650", "0.400"]
    assert "| wool-ice | 0.800 |" in teacher_agreement.table(teacher_agreement.SAMPLES)


def test_a_teacher_is_compared_with_people(tmp_path, monkeypatch):
    scale = Scale.from_range(0, 1)
    rows = tuple(
        Row(f"{at}", "1", f"answer {at}", at % 2, split="test" if at < 4 else "train")
        for at in range(12)
    )
    item = Item("1", scale, rows)

    def teach(task):
        shares = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]], dtype=np.float32)
        task.folder.mkdir(parents=True)
        ids = tuple(row.response_id for row in rows[:4])
        labels = SoftLabels(ids, (-1,) * 4, shares, scale.classes)
        write_labels(task.folder / "test_labels.csv", labels)

    monkeypatch.setattr(ItemTask, "teach", teach)
    found = teacher_agreement._measured(
        Responses((item,), "answers.csv", {}, "utf-8"), None, tmp_path
    )
    assert (found["responses"], found["accuracy"], found["seconds"]) == (4, 0.75, None)
    assert found["qwk"] == pytest.approx(0.5)
