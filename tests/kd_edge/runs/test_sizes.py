"""A run with limits: students of several sizes, the best one in the bundle, and why."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from kd_edge.data.responses import Responses
from kd_edge.distillation.cascade import CascadeOptions
from kd_edge.distillation.train import Training
from kd_edge.report.figures.collect import collect
from kd_edge.runs.cross_item.run import run_together
from kd_edge.runs.folder import BUNDLE, REPORT
from kd_edge.runs.options import RunOptions
from kd_edge.runs.run import run
from kd_edge.size_search.tried import ALL, Limits, TooSmallError
from kd_edge.stages.record import StoppedError
from kd_edge.students.registry import BOTH
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer
from workshop import item_of, run_options

RESPONSES = Responses((item_of(120),), "responses.csv", {}, "utf-8")
LIMITS = Limits(8_000_000, 60_000)
SHARE = 0.5


def options_of(model, limits=LIMITS, kinds=ALL, **distil):
    bag = {"ngrams": 400, "dimensions": 8}
    cut = {"layers": (0,), "longest": 40}
    chosen = {"student": BOTH, "student_options": bag, "second_options": cut, **distil}
    options = run_options(model, **{"epochs": 3, **chosen})
    return replace(options, limits=limits, kinds=kinds, cascade=CascadeOptions(SHARE))


@pytest.fixture(scope="module")
def finished(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sizes") / "out"
    return folder, run(RESPONSES, folder, options_of(tiny_model))


@pytest.fixture
def out(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def trained(monkeypatch):
    """The students whose training goes on, by the dimensions and layers asked for."""
    found = []
    real = Training.run
    monkeypatch.setattr(
        Training, "run", lambda one, *rest: found.append(one._options) or real(one, *rest)
    )
    return found


def frontier(folder):
    return json.loads((folder / "item-tiny" / "frontier.json").read_text())


def test_what_is_said_of_the_choice(finished):
    folder, report = finished
    found, size = frontier(folder), report.items[0].size
    assert (found["limit"], found["limit_ms"]) == (8_000_000, 60_000)
    kinds = {(one["student"], one["share"]) for one in found["tried"]}
    assert kinds == {("bag", 0.0), ("transformer", 0.0), (BOTH, SHARE)}
    assert found["why"] == str(size), "of one item nothing is to be added"
    assert found["why"].startswith("Chosen: a ")
    assert (folder / "item-tiny" / "frontier.svg").read_text().startswith("<svg")
    raw = json.loads((folder / REPORT).read_text())
    assert raw["items"][0]["size"]["chosen"] == found["chosen"]
    assert raw["options"]["limits"] == {"bytes": 8_000_000, "ms": 60_000}
    assert found["why"] in collect(folder).items[0].choice
    with Bundle(folder / BUNDLE) as bundle:
        assert found["why"] in bundle.read(bundle.manifest.card).decode()


def test_the_bundle_has_what_was_chosen_and_the_bytes_that_were_said(finished):
    folder, _ = finished
    chosen = frontier(folder)["chosen"]
    with Scorer.open(folder / BUNDLE) as scorer:
        entry = scorer.bundle.manifest.item()
        scorer.score("the water")
    assert entry.student == ("bag" if chosen["student"] == BOTH else chosen["student"])
    assert (entry.second is not None) == (chosen["student"] == BOTH)
    size = (folder / BUNDLE).stat().st_size
    assert size <= chosen["bytes"] < size + 600


def test_the_limits_are_for_each_of_several_items(tiny_model, tmp_path):
    items = tuple(item_of(40, name, seed) for seed, name in enumerate("ab"))
    limit, out = 8_000, tmp_path / "out"
    options = options_of(tiny_model, Limits(limit), (), student="bag", epochs=1)
    report = run(Responses(items, "responses.csv", {}, "utf-8"), out, options)
    assert (out / BUNDLE).stat().st_size > limit
    assert all(one.size.chosen["bytes"] <= limit for one in report.items)
    note = "The limits are for each item"
    raw = json.loads((out / REPORT).read_text())
    assert all(note in one["size"]["why"] for one in raw["items"])
    assert all(note in one.choice for one in collect(out).items)
    with Bundle(out / BUNDLE) as bundle:
        assert bundle.read(bundle.manifest.card).decode().count(note) == 2


def test_the_same_again_does_nothing(out, tiny_model, trained):
    assert run(RESPONSES, out, options_of(tiny_model)).items[0].ran == ()
    assert not trained


def test_another_limit_searches_again_and_keeps_what_was_trained(out, tiny_model, trained, capsys):
    whole = next(one for one in frontier(out)["tried"] if one["student"] == "bag")
    limit = whole["bytes"] - 500
    report = run(RESPONSES, out, options_of(tiny_model, Limits(limit)))
    assert report.items[0].ran == ("student",)
    found = frontier(out)
    assert found["chosen"]["bits"] < whole["bits"]
    assert (out / BUNDLE).stat().st_size <= limit
    assert [one["layers"] for one in found["not_trained"]] == [[0]]
    assert {one.student for one in trained} == {"bag"}
    assert all("bits" in one.student_options for one in trained), "the largest one again"
    assert "Item 'tiny', sizes: whole unchanged, kept." in capsys.readouterr().err
    # the second of the search before is no longer asked
    with Scorer.open(out / BUNDLE) as scorer:
        assert scorer.bundle.manifest.item().second is None
    trained.clear()
    assert run(RESPONSES, out, options_of(tiny_model)).items[0].ran == ("student",)
    assert not trained


def test_nothing_fits(out, tiny_model, trained):
    before = (out / BUNDLE).read_bytes()
    with pytest.raises(TooSmallError, match="no bundle fits into 900 bytes"):
        run(RESPONSES, out, options_of(tiny_model, Limits(900)))
    assert frontier(out)["chosen"] is None
    assert (out / BUNDLE).read_bytes() == before
    assert trained


def test_stopped_and_started_again(finished, tiny_model, tmp_path, monkeypatch, trained):
    out = tmp_path / "out"
    shutil.copytree(finished[0], out)
    shutil.rmtree(out / "item-tiny" / "sizes")
    (out / "item-tiny" / "student.stage.json").unlink()
    real = Training._leg

    def stopping(one, *rest):
        if one._options.student == "transformer":
            raise KeyboardInterrupt
        return real(one, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_leg", stopping)
        with pytest.raises(StoppedError, match="Start the same command again"):
            run(RESPONSES, out, options_of(tiny_model))
    trained.clear()
    run(RESPONSES, out, options_of(tiny_model))
    assert [one.student for one in trained] == ["transformer"]


def test_what_makes_no_sense_is_refused_before_the_work(tiny_model, tmp_path):
    with pytest.raises(InputError, match="students of kind rnn have one size"):
        options_of(tiny_model, kinds=(), student="rnn")
    options = replace(RunOptions(), limits=LIMITS)
    with pytest.raises(InputError, match="one small model for all items has one size"):
        run_together(RESPONSES, tmp_path / "out", options)
    assert "limits" not in RunOptions().as_json()
