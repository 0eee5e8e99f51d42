"""How commands end whose small model is weak."""

from __future__ import annotations

import json

import pytest
import torch

from kd_edge.training.doubts import FEW, WEAK_EXIT_CODE, not_helped
from workshop import item_of, write_table

QUICK = ("--ngrams", 50, "--dimensions", 3, "--student-epochs", 1)


@pytest.fixture
def start(tmp_path):
    """`kd-edge distill` with responses and their labels."""
    item = item_of(40)
    table = write_table(tmp_path / "responses.csv", [item])
    rows = "".join(f"{row.response_id},{row.score}\n" for row in item.rows)
    (tmp_path / "labels.csv").write_text(f"response_id,label\n{rows}")
    return ("distill", table, "--labels", tmp_path / "labels.csv", "-o", tmp_path / "out", *QUICK)


@pytest.mark.parametrize(
    ("more", "code"),
    [(("--accept-weak",), 0), ((), WEAK_EXIT_CODE), (("--json",), WEAK_EXIT_CODE)],
)
def test_a_weak_student_has_its_own_exit_code_unless_it_is_accepted(
    command, start, tmp_path, monkeypatch, more, code
):
    weak = not_helped("tiny", "QWK", 0.4, 0.5)
    monkeypatch.setattr("kd_edge.distillation.weakness.weaknesses", lambda *_: (weak,))
    said = command(*start, *more)
    assert said.code == code, said.err
    assert f"WARNING: {weak}." in said.err
    assert (tmp_path / "out" / "student").is_dir()
    if "--json" in more:
        few, _ = json.loads(said.out)["warnings"]
        assert (few["item_id"], few["kind"]) == ("tiny", FEW)
        assert f"Warning: item 'tiny': {few['message']}." in said.err


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_device_that_is_not_there_is_refused_before_the_work(command, start, tmp_path):
    for more in ((), ("--labels-only",)):
        assert "no CUDA device here" in command.fails(*start, *more, "--device", "cuda:1")
        assert not (tmp_path / "out" / "student").exists()
    assert "is no device" in command.fails(*start, "--device", "gpu")
