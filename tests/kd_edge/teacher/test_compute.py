"""How the network computes: fp16's scaled loss, clipped gradients, skipped steps, on the CPU."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from kd_edge.teacher import finetune, predict, training_run
from kd_edge.teacher.compute import Compute, choose_compute
from kd_edge_runtime.errors import InputError
from tiny import press_ctrl_c, same_teacher, teacher_weights, tiny_item, tiny_options

ITEM = tiny_item()
TEXTS = [row.text for row in ITEM.rows]
CPU = torch.device("cpu")


@pytest.fixture
def options(tiny_model):
    return tiny_options(tiny_model, epochs=3, patience=3)


class Plain(Compute):
    """The steps written out, with plain torch."""

    def autocast(self):
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.low is not None)

    def backward(self, loss):
        loss.backward()

    def update(self, model, optimizer, max_norm):
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()


def _half():
    """What a GPU without bf16 computes with, on the CPU; its scale may grow in a short run."""
    compute = Compute(CPU, "fp16")
    compute._scaler.set_growth_interval(20)
    return compute


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_very_teacher_that_plain_torch_gives(options, tmp_path, monkeypatch, precision):
    options = replace(options, precision=precision)
    report = finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    found = predict.predict(report.folder, TEXTS, precision=precision, device="cpu")
    for module in (training_run, predict):
        monkeypatch.setattr(module, "choose_compute", lambda *_: Plain(CPU, precision))
    plain = finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "plain")
    assert same_teacher(report.folder, plain.folder)
    assert report.card == plain.card
    expected = predict.predict(plain.folder, TEXTS, precision=precision)
    assert np.array_equal(found, expected)


def test_teachers_of_several_precisions_follow_each_other(options, tmp_path):
    short = replace(options, epochs=1)
    fast = replace(short, precision="bf16")
    folders = [
        finetune.finetune(ITEM, ITEM.rows, some, tmp_path / name).folder
        for name, some in (("a", short), ("b", fast), ("c", short), ("d", fast))
    ]
    assert same_teacher(folders[0], folders[2])
    assert same_teacher(folders[1], folders[3])
    assert not same_teacher(folders[0], folders[1])


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)],
)
def test_the_forward_pass_is_in_the_precision(precision, dtype):
    with Compute(CPU, precision).autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is dtype


def test_a_step_clips_the_whole_gradient():
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    compute = Compute(CPU, "fp32")
    for scale in (100.0, 1e-3):
        start = [parameter.detach().clone() for parameter in model.parameters()]
        loss = scale * model(torch.ones(1, 3)).sum()
        compute.step(loss, model, optimizer, 0.5)
        moved = torch.cat([(a - b).flatten() for a, b in zip(model.parameters(), start)])
        assert moved.norm().item() == pytest.approx(min(0.5, 2 * scale), rel=1e-4)
    assert not torch.equal(before[0], model.weight)


def test_fp16_clips_the_gradient_and_not_the_scaled_one():
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    start = [parameter.detach().clone() for parameter in model.parameters()]
    compute = _half()
    with compute.autocast():
        found = model(torch.ones(1, 3))
    assert found.dtype is torch.float16
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    compute.step(0.01 * found.float().sum(), model, optimizer, 0.5)
    moved = torch.cat([(a - b).flatten() for a, b in zip(model.parameters(), start)])
    assert moved.norm().item() == pytest.approx(0.02, rel=1e-2)


def test_fp16_keeps_a_gradient_that_half_precision_alone_would_lose():
    moved = []
    for scaled in (True, False):
        model = torch.nn.Linear(3, 1, bias=False)
        start = model.weight.detach().clone()
        compute = _half()
        if not scaled:
            compute._scaler = torch.amp.GradScaler("cpu", enabled=False)
        optimizer = torch.optim.SGD(model.parameters(), lr=1e6)
        with compute.autocast():
            found = model(torch.ones(1, 3))
        compute.step(1e-9 * found.float().sum(), model, optimizer, 1.0)
        moved.append((start - model.weight.detach()).norm().item())
    assert moved[0] == pytest.approx(3**0.5 * 1e-3, rel=0.05)
    assert moved[1] == 0


def test_fp16_skips_a_step_that_overflows():
    model = torch.nn.Linear(3, 1)
    start = model.weight.detach().clone()
    compute = _half()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    scales, moved = [], []
    for _ in range(4):
        with compute.autocast():
            found = model(torch.ones(1, 3))
        compute.step(4 * found.float().sum(), model, optimizer, 1.0)
        scales.append(compute._scaler.get_scale())
        moved.append(not torch.equal(model.weight, start))
    assert scales == [2.0**15, 2.0**14, 2.0**13, 2.0**13]
    assert moved == [False, False, False, True]
    assert torch.isfinite(model.weight).all()


def test_a_teacher_learns_in_fp16(options, tmp_path, monkeypatch):
    made = []

    def choose(*_):
        made.append(_half())
        return made[-1]

    monkeypatch.setattr(training_run, "choose_compute", choose)
    longer = replace(options, epochs=10, precision="fp16", validation=0.3, patience=10)
    with monkeypatch.context() as patch:
        press_ctrl_c(patch, 12)  # an epoch has 6 steps
        with pytest.raises(finetune.StoppedError):
            finetune.finetune(ITEM, ITEM.rows, longer, tmp_path / "t")
    report = finetune.finetune(ITEM, ITEM.rows, longer, tmp_path / "t")
    assert made[-1]._scaler.get_scale() not in (0, 2.0**16)  # it followed the steps
    assert report.card.options["precision"] == "fp16"
    assert report.card.validation.qwk > 0.7
    assert all(torch.isfinite(value).all() for value in teacher_weights(report.folder).values())


def test_a_gpu_without_bf16_computes_in_fp16_with_a_scaled_loss(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (7, 5))
    # torch switches a scaler off where it sees no GPU
    monkeypatch.setattr(torch.cuda.amp.common, "amp_definitely_not_available", lambda: False)
    compute = choose_compute("auto", "auto")
    assert compute.device == torch.device("cuda")
    assert compute.low is torch.float16
    assert compute._scaler.is_enabled()
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (8, 0))
    compute = choose_compute("auto", "auto")
    assert compute.low is torch.bfloat16
    assert not compute._scaler.is_enabled()


def test_cuda_without_a_gpu_is_refused(options, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu = replace(options, device="cuda")
    with pytest.raises(InputError, match="no CUDA device here"):
        finetune.finetune(ITEM, ITEM.rows, gpu, tmp_path / "t")
    with pytest.raises(InputError, match="fp16 needs a CUDA device"):
        finetune.finetune(ITEM, ITEM.rows, replace(options, precision="fp16"), tmp_path / "t")
