"""What a bundle costs: its bytes, and a time that other work on the machine does not change."""

from __future__ import annotations

import pytest

from kd_edge.bundling.bundle import ExportItem, ExportOptions
from kd_edge.size_search import cost as module
from kd_edge.size_search.cost import cost_of
from kd_edge_runtime.scorer import Scorer
from workshop import small_student

TEXTS = ("the ice", "warm air", "wool")


@pytest.fixture(scope="module")
def bag(tmp_path_factory):
    return small_student("bag", tmp_path_factory.mktemp("no model"))


def test_the_time_is_the_mean_of_the_least_of_each_response(bag, monkeypatch):
    rounds = iter([[9.0, 9.0, 9.0], [0.001, 0.5, 0.004], [0.7, 0.001, 0.8], *[[1.0] * 3] * 99])
    monkeypatch.setattr(module, "once", lambda _call, _texts: next(rounds))
    monkeypatch.setattr(module, "_SECONDS", 0.0)
    options = ExportOptions(("plain-int8",))
    found = cost_of(ExportItem(bag), options, TEXTS)
    assert found.ms == pytest.approx(1000 * (0.001 + 0.001 + 0.004) / 3)
    assert found.both is None
    assert next(rounds) == [1.0] * 3  # it stopped after a few


def test_every_response_is_scored_one_by_one(bag, monkeypatch):
    scored = []
    monkeypatch.setattr(Scorer, "score", lambda _scorer, text: scored.append(text))
    monkeypatch.setattr(module, "_SECONDS", 0.0)
    cost_of(ExportItem(bag), ExportOptions(("plain-int8",)), TEXTS * 200)
    assert len(scored) == 5 * 300
    assert set(scored) == set(TEXTS)
