"""The benchmark of runs and of tables over many items."""

from __future__ import annotations

import csv

from benchmarks import training_speed
from benchmarks.training_speed import ROOT, _items, write_table


def test_the_tables_hold_every_item_as_often(tmp_path, monkeypatch):
    monkeypatch.setattr(training_speed, "ROWS", 20)
    for jumps in (True, False):
        write_table(tmp_path / "t.csv", 5, jumps)
        with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
            items = [row["item"] for row in csv.DictReader(file)]
        assert sorted(items) == sorted("01234" * 4)
        assert (items == sorted(items)) != jumps


def test_two_trees_give_the_same_scores_and_their_costs(tmp_path, monkeypatch):
    monkeypatch.setattr(training_speed, "ROWS", 20)
    monkeypatch.setattr(training_speed, "_TABLES", {"single": (1, "of")})
    found = _items({"before": ROOT, "now": ROOT}, tmp_path)
    costs = found["single"]
    assert costs.keys() == {"before", "now"}
    assert all(cost["processor"] > 0 and cost["peak_mib"] > 5 for cost in costs.values())


def test_the_committed_figures_are_those_that_are_promised():
    figures = training_speed.record.read("training_speed")["figures"]
    before, now = figures["runs"]["before"], figures["runs"]["now"]
    assert before["processor"] / now["processor"] >= 1.3
    assert all(before["seconds"][name] / now["seconds"][name] >= 1.3 for name in now["seconds"])
    assert abs(before["qwk"]["student"] - now["qwk"]["student"]) < 0.03
    assert figures["items"]["jumping"]["now"]["peak_mib"] <= 150
    assert "before / now" in training_speed.table()
