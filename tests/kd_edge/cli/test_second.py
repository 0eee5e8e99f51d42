"""Exports of two students of an item, and when the second is asked."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from kd_edge.students import store
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.scorer import Scorer
from workshop import item_of, write_table


@pytest.fixture
def bundle(tmp_path):
    return tmp_path / "item.kdz"


@pytest.fixture
def scored(tmp_path):
    """Scored responses to the item of `both`."""
    return write_table(tmp_path / "scored.csv", [item_of(60, "made-bag")])


@pytest.fixture
def both(small_students, tmp_path):
    """The folders of two students of one item, which held out the first forty responses."""
    held_out = tuple(row.response_id for row in item_of(60, "made-bag").rows[:40])
    for name, kind in (("student", "bag"), ("second", "rnn")):
        made = replace(small_students[kind], item_id="made-bag", held_out=held_out)
        store.save(made, tmp_path / "both" / name)
    return tmp_path / "both" / "student", tmp_path / "both" / "second"


def test_two_students_of_an_item(command, both, scored, bundle):
    first, second = both
    said = command("export", first, "--second", second, "-o", bundle, "--responses", scored)
    assert said.code == 0, said.err
    assert "Item 'made-bag (second)'" in said.out
    with Bundle(bundle) as opened:
        entry = opened.manifest.items[0]
        assert (entry.student, entry.second.student) == ("bag", "rnn")
        found = opened.manifest.provenance["seconds"]["made-bag"]["cascade"]
    assert (found["responses"], found["wanted"]) == (40, None)
    assert found["share"] <= 0.3
    options = ("--second-share", "0.6", "--second-agreement", "0.99")
    again = ("export", first, "--second", second, "-o", bundle, "--responses", scored)
    assert command(*again, *options).code == 0
    with Bundle(bundle) as opened:
        found = opened.manifest.provenance["seconds"]["made-bag"]["cascade"]
    assert found["wanted"] == 0.99
    assert found["share"] <= 0.6


def test_two_students_that_do_not_go_together(command, both, scored, bundle):
    first, second = both
    least = ("-o", bundle, "--responses", scored)
    for arguments, why in (
        ((first, "--second", second, "-o", bundle), "--second needs --responses"),
        ((first, "--second", second, "--second", second, *least), "two for item 'made-bag'"),
        ((first, "--second-share", "0.5", *least), "--second-share is for two models"),
        ((first, "--second-agreement", "0.5", *least), "--second-agreement is for two models"),
        ((first, "--second", second, "--c", *least), "scores with the first student alone"),
    ):
        said = command("export", *arguments)
        assert said.code == 2, said.out
        assert why in said.err
    assert not bundle.exists()


def test_a_second_of_other_responses_or_another_item(command, both, scored, bundle):
    first, second = both
    made = store.load(second)
    for name, changes, why in (
        ("item", {"item_id": "another"}, "item 'another' has no first student here"),
        ("rows", {"held_out": ("r000", "x1")}, "learnt from 39 of the 40 responses that the first"),
        ("x", {"held_out": ("x1",)}, "learnt from 40 of the 40 responses that the first held out"),
    ):
        store.save(replace(made, **changes), first.parent / name)
        said = command(
            *("export", first, "--second", first.parent / name, "-o", bundle),
            *("--responses", scored),
        )
        assert said.code == 2, said.out
        assert why in said.err
    said = command("export", first, "--second", first, "-o", bundle, "--responses", scored)
    assert said.code == 2, said.out
    assert "the second student is the first once more" in said.err
    assert not bundle.exists()


def test_a_second_may_be_a_bag_too(command, both, scored, bundle):
    first, _ = both
    one = store.load(first)
    other = replace(one, network=deepcopy(one.network))
    with torch.no_grad():
        other.network.head.weight.mul_(-1)
    store.save(other, first.parent / "other")
    said = command(
        *("export", first, "--second", first.parent / "other", "-o", bundle),
        *("--responses", scored),
    )
    assert said.code == 0, said.err
    with Scorer.open(bundle) as scorer:
        assert scorer.second("made-bag").backend == scorer.backend("made-bag")
    assert command("verify", bundle).code == 0


def test_layers_that_the_teacher_lacks_are_refused_before_any_work(
    command, scored, tmp_path, tiny_model
):
    message = command.fails(
        *("run", scored, "-o", tmp_path / "out", "--model", tiny_model),
        *("--student", "both", "--layers", "0,9"),
    )
    assert "there is no layer 9: the teacher has 2 layers, 0 to 1" in message
    assert not [*(tmp_path / "out").rglob("*.safetensors")]
