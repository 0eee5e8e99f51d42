"""The table and the picture of sizes, from figures made up for this."""

from __future__ import annotations

from dataclasses import asdict
from types import SimpleNamespace

import pytest

from benchmarks import record, size_limits
from kd_edge.size_search.tried import Tried
from kd_edge.students.registry import BOTH, SECOND

BAG = Tried(900, 2, 4, 1_814, 7_977, 0.83, 0.71, True, 0.02)
CUT = Tried(0, 0, 0, 2_200_000, 1_900_000, 0.84, 0.75, True, 1.5, SECOND, (0,))
PAIR = Tried(3500, 8, 8, 2_228_044, 1_940_000, 0.845, 0.755, True, 0.52, BOTH, (0,), 0.3)


@pytest.fixture
def figures(monkeypatch):
    def found(chosen, *tried):
        test = {name: {"qwk": 0.8} for name in ("student", "without teacher")}
        return {"chosen": asdict(chosen), "tried": [*map(asdict, tried)], "test": test}

    old = {name: value for name, value in asdict(BAG).items() if name not in ("ms", "layers")}
    limits = {"8000": found(BAG, BAG), "2000000": found(PAIR, BAG, CUT, PAIR)}
    limits["16000"] = {**found(BAG), "tried": [{**old, "ngrams": 901}]}  # from before times
    monkeypatch.setattr(record, "read", lambda _: {"figures": limits})
    return limits


@pytest.mark.usefixtures("figures")
def test_the_table_names_every_kind():
    lines = size_limits.smaller().splitlines()
    assert len(lines) == 5
    assert lines[2].startswith("| 8 KB | bag | 7,977 | 0.020 | 900 | 2 | 4 | 1,814 | 0.830 |")
    assert "| 2 MB | bag, 30% layer 0 | 1,940,000 | 0.520 | 3,500 |" in lines[3]


@pytest.mark.usefixtures("figures")
def test_the_picture_has_every_size_once():
    assert size_limits.frontier().count("<circle") == 4 + 3  # one has no time


def test_what_a_run_left_is_taken_where_it_is_the_same(tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(size_limits.Trainer, "transformer", lambda _, one: trained.append(one))
    trainer = size_limits.OfRun(None, size_limits.DistilOptions(student=BOTH), tmp_path)
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "student.json").write_text("{}")

    second = SimpleNamespace(options=SimpleNamespace(layers=[0, 5]))
    monkeypatch.setattr(size_limits.store, "load", lambda _: second)

    def planned(**chosen):
        options = size_limits.DistilOptions(student=SECOND, student_options=chosen)
        return size_limits.PlannedCut(options, None, frozenset())

    assert trainer.transformer(planned(layers=(0, 5))) is second
    assert not trained
    trainer.transformer(planned(layers=(0,)))
    assert len(trained) == 1
