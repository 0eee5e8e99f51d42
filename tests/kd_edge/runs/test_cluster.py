"""Runs on a real Ray cluster of several processes: killed, stopped, with an item that fails."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

import ray_made
from kd_edge.runs.verdict import EXIT_CODE
from kill_points import without_times
from power_model import tree
from workshop import CANARY, item_of, with_canary, write_table

TINY = ("--teacher-epochs", 2, "--variants", 20, "--student-epochs", 3, "--precision", "fp32",
        "--ngrams", 40, "--dimensions", 3)  # fmt: skip
MADE = (0, EXIT_CODE)

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="needs kd-edge[cluster]")


@pytest.fixture(scope="module")
def head():
    """One cluster for all tests, two tasks at a time, with a GPU that is none."""
    assert "ray" not in sys.modules, "it has read its settings"
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        # It listens on all of the machine's addresses.
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        head = ray_made.start_head(folder, gpus=1)
        yield head
        head.kill()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    items = [
        with_canary(item_of(30, name, seed)) for seed, name in enumerate(("ant", "Bee", "cat"))
    ]
    return write_table(tmp_path_factory.mktemp("given") / "three.csv", items)


@pytest.fixture(autouse=True)
def _same_date(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


@pytest.fixture
def run(command, table, tiny_model):
    def run(out, *more):
        return command("run", table, "-o", out, "--model", tiny_model, *TINY, *more)

    return run


@pytest.mark.slow
def test_stopped_and_killed_it_comes_to_the_same(head, run, tmp_path):
    assert run(tmp_path / "here").code in MADE
    out = tmp_path / "cluster"
    there = ("--cluster", head.address)
    training, working = "item-*/.teacher.lock", ".item-*.lock"

    def ctrl_c(_):
        os.kill(os.getpid(), signal.SIGINT)

    with ray_made.in_the_middle(out, training, ctrl_c) as stopped:
        said = run(out, *there)
    assert stopped
    assert said.code == 130, said
    assert "start the same command again" in said.err
    until = time.monotonic() + 300
    while ray_made.workers() and time.monotonic() < until:
        time.sleep(0.1)
    assert ray_made.workers() == [], "no task is left"
    assert not (out / "bundle.kdz").exists()

    def kill(process):
        os.kill(process, signal.SIGKILL)

    for left in out.glob(working):  # by tasks that were ended while they stopped
        left.unlink()
    # Not its training: a slow machine may have finished all of them before it stopped.
    with ray_made.in_the_middle(out, working, kill) as killed:
        said = run(out, *there)
    assert killed
    assert said.code in MADE, said
    assert "Item 'Bee' ended" in said.err
    assert "(raylet)" not in said.out + said.err, "what Ray says of a worker that died"
    found, wanted = (without_times(tree(folder)) for folder in (out, tmp_path / "here"))
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if found[name] != wanted[name]] == []


@pytest.mark.slow
def test_an_item_that_fails_stops_no_other(head, run, tmp_path):
    out = tmp_path / "out"
    (out / "item-ant").mkdir(parents=True)
    (out / "item-cat").touch()  # a file where its folder goes
    # Teachers by themselves, as on a GPU.
    said = run(out, "--cluster", head.address, "--cluster-gpus", 0.5, "--json")
    assert said.code == 1, said
    report = json.loads(said.out)
    assert [one["item_id"] for one in report["items"]] == ["ant", "Bee"]
    stages = ["teacher", "labels", "variants", "test-labels", "student"]
    assert [one["ran"] for one in report["items"]] == [stages, stages]
    (failed,) = report["failed"]
    assert failed["item_id"] == "cat"
    assert "item-cat" in failed["why"]
    assert report == json.loads((out / "report.json").read_text())
    logs = [path for path in head.logs.rglob("*") if path.is_file()]
    assert len(logs) > 5
    assert [path for path in logs if CANARY.encode() in path.read_bytes()] == []
