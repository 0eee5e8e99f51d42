"""What a child measures: here in this process, where it can be watched."""

from __future__ import annotations

import io
import json
import sys

import pytest

import bundles_made
from kd_edge_runtime.bench import worker
from kd_edge_runtime.scorer import Scorer
from workshop import CANARY


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Runs `child` on a bundle with one job and some texts."""
    path = tmp_path / "item.kdz"
    bundles_made.write(path)

    def child(texts=("the ice melts", "the lid"), human=None, **changed):
        job = {
            "part": "all",
            "path": str(path),
            "graph": "",
            "backend": "plain",
            "form": "plain-int8",
            "item": "stove",
            "role": "first",
            "classes": [*"0123"],
            "worth": [0, 1, 2, 3],
            "packages": [],
            "threads": 1,
            "first": "the ice",
            "cap": 0.01,
            "sustain": 0,
            **changed,
        }
        given = {"texts": texts, "human": human or [None] * len(texts)}
        lines = f"{json.dumps(job)}\n{json.dumps(given)}\n"
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        return worker.child()

    return child


def test_all_of_it(child):
    said = child(human=[1, None])
    assert said["quality"]["responses"] == 1
    assert said["golden"]["wrong"] == 0
    assert said["latency"]["n"] >= 2


def test_a_start_reads_no_response(child, monkeypatch):
    monkeypatch.setattr(worker, "_texts", lambda: pytest.fail("read"))
    said = child(part="start")
    assert said.keys() == {
        *("import_s", "load_s", "first_s", "rss_first_kib", "versions", "comparable")
    }


def test_an_error_while_scoring_quotes_nobody(child, monkeypatch):
    score_many = Scorer.score_many

    def refuse(self, texts, item_id=None):
        if any(CANARY in text for text in texts):
            raise ValueError(texts)
        return score_many(self, texts, item_id)

    monkeypatch.setattr(Scorer, "score_many", refuse)
    said = child(texts=["the ice", f"{CANARY} melts"])
    assert said == {"fails": "ValueError: while scoring"}


def test_an_error_before_that_is_told(child, monkeypatch):
    assert child(path="none.kdz") == {
        "fails": "none.kdz: no such file (check the name and the folder)"
    }
    monkeypatch.setattr(worker, "_bundle", lambda *_: {}["a\nkey"])
    assert child() == {"fails": r"KeyError: 'a\nkey'"}


def test_golden_rows_that_a_bundle_lacks(child):
    assert child(form="plain-int4") == {
        "fails": "'items/0/golden.json' has no golden rows for the form 'plain-int4'"
    }


def test_batches_that_would_take_too_long_are_left_out(child, monkeypatch):
    monkeypatch.setattr(worker, "_PATIENCE", 1e-3)
    assert [one["batch"] for one in child()["throughput"]] in ([1], [])


def test_how_much_is_left_is_said(child, monkeypatch, capsys):
    monkeypatch.setattr(worker, "_SAY_EVERY", 0.0)
    child(texts=["the ice"] * 200, human=[1] * 200)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4  # batches of 64
    assert all(line.startswith("left ") for line in lines)
    assert lines[-1] == "left 0.0"


def test_peak_memory():
    found = worker._peak_kib()
    if sys.platform == "linux":
        assert found > 10_000
