"""Teachers on a real GPU; skipped where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from kd_edge.teacher import finetune, training_run
from kd_edge.teacher.compute import Compute, choose_compute
from kd_edge.teacher.predict import predict
from tiny import same_teacher, tiny_item, tiny_options

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

ITEM = tiny_item()
TEXTS = [row.text for row in ITEM.rows]
GPU = torch.device("cuda")


@pytest.fixture
def options(tiny_model):
    return tiny_options(
        tiny_model, epochs=10, patience=10, validation=0.3, precision="auto", device="cuda"
    )


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16", "auto"])
def test_a_teacher_is_fine_tuned_and_scores_as_on_a_cpu(options, tmp_path, precision):
    there = replace(options, precision=precision)
    report = finetune.finetune(ITEM, ITEM.rows, there, tmp_path / "t")
    assert report.card.validation.qwk > 0.7
    found = predict(report.folder, TEXTS, precision=precision, device="cuda")
    expected = predict(report.folder, TEXTS, precision="fp32", device="cpu")
    assert np.abs(found - expected).max() < 0.05
    assert np.abs(found.sum(1) - 1).max() < 1e-6


def test_a_stopped_run_goes_on(options, tmp_path, monkeypatch, capsys):
    def set_step(optimizer, at, total):
        if at == 12:  # an epoch has 6 steps
            raise KeyboardInterrupt
        original(optimizer, at, total)

    original = training_run.set_step
    exact = replace(options, precision="fp32", epochs=3)
    straight = finetune.finetune(ITEM, ITEM.rows, exact, tmp_path / "straight")
    with monkeypatch.context() as patch:
        patch.setattr(training_run, "set_step", set_step)
        with pytest.raises(finetune.StoppedError):
            finetune.finetune(ITEM, ITEM.rows, exact, tmp_path / "t")
    report = finetune.finetune(ITEM, ITEM.rows, exact, tmp_path / "t")
    assert "Resuming after epoch 2." in capsys.readouterr().err
    found, expected = (
        predict(folder, TEXTS, precision="fp32", device="cuda")
        for folder in (report.folder, straight.folder)
    )
    assert same_teacher(report.folder, straight.folder) or np.abs(found - expected).max() < 0.05


def test_fp16_scales_the_loss_and_skips_a_step_that_overflows():
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1).to(GPU)
    start = model.weight.detach().clone()
    compute = Compute(GPU, "fp16")
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    scales, moved = [], []
    for _ in range(4):
        with compute.autocast():
            found = model(torch.ones(1, 3, device=GPU))
        assert found.dtype is torch.float16
        compute.step(4 * found.float().sum(), model, optimizer, 1.0)
        scales.append(compute._scaler.get_scale())
        moved.append(not torch.equal(model.weight, start))
    assert scales == [2.0**15, 2.0**14, 2.0**13, 2.0**13]
    assert moved == [False, False, False, True]


def test_the_precision_of_auto_is_one_that_the_card_has():
    low = choose_compute("auto", "auto")._low
    capable = torch.version.hip is not None or torch.cuda.get_device_capability() >= (8, 0)
    assert low is (torch.bfloat16 if capable else torch.float16)


def test_the_random_state_of_the_caller_is_left_as_it_was(options, tmp_path):
    torch.manual_seed(5)
    before = torch.get_rng_state(), torch.cuda.get_rng_state()
    finetune.finetune(ITEM, ITEM.rows, replace(options, epochs=1), tmp_path / "t")
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.equal(torch.cuda.get_rng_state(), before[1])
