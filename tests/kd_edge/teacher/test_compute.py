"""How the network computes: accelerate gives on a CPU what plain torch gives."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import accelerate
import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState, GradientState, PartialState

from kd_edge.teacher import finetune, predict
from kd_edge.teacher.compute import Accelerated, Compute, choose_compute
from kd_edge.teacher.options import TeacherOptions
from kd_edge_runtime.errors import InputError
from tiny import same_teacher, teacher_weights, tiny_item

ITEM = tiny_item()
TEXTS = [row.text for row in ITEM.rows]
CPU = torch.device("cpu")
STATES = (PartialState, AcceleratorState, GradientState)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _process_state():
    """Nothing of accelerate's stays behind in the process."""
    before = [dict(kind._shared_state) for kind in STATES]
    yield
    after = [dict(kind._shared_state) for kind in STATES]
    for kind, found in zip(STATES, before):
        kind._shared_state.clear()
        kind._shared_state.update(found)
    assert after == before


@pytest.fixture
def accelerated(monkeypatch):
    """Teachers are fine-tuned and score through accelerate, on the CPU."""

    def choose(_device, precision):
        made.append(Accelerated(CPU, precision))
        return made[-1]

    made = []
    for module in (finetune, predict):
        monkeypatch.setattr(module, "choose_compute", choose)
    return made


@pytest.fixture
def options(tiny_model):
    return TeacherOptions(
        model=str(tiny_model),
        epochs=3,
        learning_rate=3e-3,
        head_learning_rate=1e-2,
        batch_size=8,
        patience=3,
        precision="fp32",
        device="cpu",
    )


def _in_half(compute):
    """Give accelerate on a CPU the half precision that it keeps for GPUs: autocast and scaler."""
    compute._accelerator.native_amp = True
    compute._accelerator.scaler = torch.amp.GradScaler("cpu", growth_interval=20)
    return compute


def _stop_at(monkeypatch, step):
    def set_step(optimizer, at, total):
        if at == step:
            raise KeyboardInterrupt
        original(optimizer, at, total)

    original = finetune.set_step
    monkeypatch.setattr(finetune, "set_step", set_step)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_accelerate_gives_the_very_teacher_that_plain_torch_gives(
    options, tmp_path, request, precision
):
    options = replace(options, precision=precision)
    plain = finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "plain")
    expected = predict.predict(plain.folder, TEXTS, precision=precision, device="cpu")
    made = request.getfixturevalue("accelerated")
    report = finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "accelerated")
    assert same_teacher(report.folder, plain.folder)
    assert report.card == plain.card
    found = predict.predict(plain.folder, TEXTS, precision=precision)
    assert np.array_equal(found, expected)
    assert len(made) == 2


@pytest.mark.usefixtures("accelerated")
def test_a_stopped_run_goes_on_through_accelerate(options, tmp_path, monkeypatch, capsys):
    straight = finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "straight")
    with monkeypatch.context() as patch:
        _stop_at(patch, 10)  # an epoch has 7 steps
        with pytest.raises(finetune.StoppedError, match="after epoch 1 of 3"):
            finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    assert "Going on after epoch 1." in capsys.readouterr().err
    assert same_teacher(tmp_path / "t", straight.folder)


def test_a_run_of_accelerate_goes_on_without_it(options, tmp_path, monkeypatch):
    plain = finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "plain")
    with monkeypatch.context() as patch:
        patch.setattr(finetune, "choose_compute", lambda *_: Accelerated(CPU, "fp32"))
        _stop_at(patch, 10)
        with pytest.raises(finetune.StoppedError):
            finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    assert same_teacher(tmp_path / "t", plain.folder)


def _dtype(compute):
    with compute.autocast():
        return (torch.ones(2, 2) @ torch.ones(2, 2)).dtype


def test_computes_of_several_precisions_follow_each_other_and_nest():
    exact, fast, half = (Accelerated(CPU, name) for name in ("fp32", "bf16", "fp16"))
    _in_half(half)
    for _ in range(2):
        with exact:
            assert _dtype(exact) is torch.float32
        with fast:
            assert _dtype(fast) is torch.bfloat16
            with exact:
                assert _dtype(exact) is torch.float32
            with half:
                assert _dtype(half) is torch.float16
            assert _dtype(fast) is torch.bfloat16


@pytest.mark.usefixtures("accelerated")
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


@pytest.mark.usefixtures("accelerated")
def test_the_accelerator_of_the_process_stays_as_it_was(options, tmp_path):
    theirs = accelerate.Accelerator(cpu=True, mixed_precision="bf16", gradient_accumulation_steps=4)
    try:
        theirs.gradient_state._set_sync_gradients(False)  # amid the steps of one update
        short = replace(options, epochs=1)
        report = finetune.finetune(ITEM, ITEM.rows, short, tmp_path / "t")
        assert not theirs.sync_gradients
        assert theirs.gradient_accumulation_steps == 4
        assert theirs.mixed_precision == "bf16"
        assert _dtype(theirs) is torch.bfloat16
    finally:
        for kind in STATES:
            kind._shared_state.clear()
    alone = finetune.finetune(ITEM, ITEM.rows, short, tmp_path / "u")
    assert same_teacher(report.folder, alone.folder)


def test_it_is_put_back_after_an_error_too():
    compute = Accelerated(CPU, "bf16")
    with pytest.raises(KeyboardInterrupt), compute:
        raise KeyboardInterrupt
    assert not AcceleratorState._shared_state


def test_what_accelerate_refuses_is_said_in_words(monkeypatch):
    def refuse(**_):
        raise NotImplementedError("Using RTX 4000 series doesn't support faster communication")

    monkeypatch.setattr(accelerate, "Accelerator", refuse)
    with pytest.raises(InputError, match=r"cannot compute in bf16 here: Using RTX 4000"):
        Accelerated(CPU, "bf16")


@pytest.mark.parametrize("kind", [Compute, Accelerated])
def test_a_step_clips_the_whole_gradient(kind):
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    with kind(CPU, "fp32") as compute:
        optimizer = compute.prepare(optimizer)
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
    with _in_half(Accelerated(CPU, "fp16")) as compute:
        optimizer = compute.prepare(torch.optim.SGD(model.parameters(), lr=1.0))
        with compute.autocast():
            found = model(torch.ones(1, 3))
        assert found.dtype is torch.float16
        compute.step(0.01 * found.float().sum(), model, optimizer, 0.5)
    moved = torch.cat([(a - b).flatten() for a, b in zip(model.parameters(), start)])
    assert moved.norm().item() == pytest.approx(0.02, rel=1e-2)


def test_fp16_keeps_a_gradient_that_half_precision_alone_would_lose():
    moved = []
    for scaled in (True, False):
        model = torch.nn.Linear(3, 1, bias=False)
        start = model.weight.detach().clone()
        with _in_half(Accelerated(CPU, "fp16")) as compute:
            if not scaled:
                compute._accelerator.scaler = torch.amp.GradScaler("cpu", enabled=False)
            optimizer = compute.prepare(torch.optim.SGD(model.parameters(), lr=1e6))
            with compute.autocast():
                found = model(torch.ones(1, 3))
            compute.step(1e-9 * found.float().sum(), model, optimizer, 1.0)
        moved.append((start - model.weight.detach()).norm().item())
    assert moved[0] == pytest.approx(3**0.5 * 1e-3, rel=0.05)
    assert moved[1] == 0


def test_fp16_leaves_out_a_step_that_overflows():
    model = torch.nn.Linear(3, 1)
    start = model.weight.detach().clone()
    with _in_half(Accelerated(CPU, "fp16")) as compute:
        optimizer = compute.prepare(torch.optim.AdamW(model.parameters(), lr=0.1))
        scales, moved = [], []
        for _ in range(4):
            with compute.autocast():
                found = model(torch.ones(1, 3))
            compute.step(4 * found.float().sum(), model, optimizer, 1.0)
            scales.append(compute._accelerator.scaler.get_scale())
            moved.append(not torch.equal(model.weight, start))
    assert scales == [2.0**15, 2.0**14, 2.0**13, 2.0**13]
    assert moved == [False, False, False, True]
    assert torch.isfinite(model.weight).all()


def test_a_teacher_learns_in_fp16(options, tmp_path, monkeypatch):
    half = _in_half(Accelerated(CPU, "fp16"))
    monkeypatch.setattr(finetune, "choose_compute", lambda *_: half)
    longer = replace(options, epochs=10, precision="fp16", validation=0.3, patience=10)
    with monkeypatch.context() as patch:
        _stop_at(patch, 12)  # an epoch has 6 steps
        with pytest.raises(finetune.StoppedError):
            finetune.finetune(ITEM, ITEM.rows, longer, tmp_path / "t")
    half = _in_half(Accelerated(CPU, "fp16"))
    report = finetune.finetune(ITEM, ITEM.rows, longer, tmp_path / "t")
    assert half._accelerator.scaler.get_scale() not in (0, 2.0**16)  # it followed the steps
    assert report.card.options["precision"] == "fp16"
    assert report.card.validation.qwk > 0.7
    assert all(torch.isfinite(value).all() for value in teacher_weights(report.folder).values())


def test_accelerate_is_not_imported_before_it_is_used():
    program = (
        "import sys, kd_edge.teacher.finetune, kd_edge.teacher.compute as compute\n"
        "compute.choose_compute('cpu', 'fp32')\n"
        "sys.exit('accelerate' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_cpu_user_needs_no_accelerate(options, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "accelerate", None)
    short = replace(options, epochs=1)
    report = finetune.finetune(ITEM, ITEM.rows, short, tmp_path / "t")
    assert predict.predict(report.folder, TEXTS[:2], precision="fp32", device="cpu").shape == (2, 3)


def test_a_gpu_is_used_through_accelerate_where_it_is_installed(monkeypatch):
    assert type(choose_compute("cpu", "bf16")) is Compute
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (7, 5))
    compute = choose_compute("auto", "auto")
    assert isinstance(compute, Accelerated)
    assert compute.device == torch.device("cuda")
    with compute:
        assert compute._accelerator.mixed_precision == "fp16"
        assert compute._accelerator.scaler is not None
    monkeypatch.setitem(sys.modules, "accelerate", None)
    compute = choose_compute("auto", "auto")
    assert type(compute) is Compute
    assert compute.device == torch.device("cuda")


def test_cuda_without_a_gpu_is_refused(options, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu = replace(options, device="cuda")
    with pytest.raises(InputError, match="no CUDA device here"):
        finetune.finetune(ITEM, ITEM.rows, gpu, tmp_path / "t")
    with pytest.raises(InputError, match="fp16 needs a CUDA device"):
        finetune.finetune(ITEM, ITEM.rows, replace(options, precision="fp16"), tmp_path / "t")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_teacher_is_fine_tuned_on_a_gpu(options, tmp_path, precision):
    longer = replace(options, epochs=10, validation=0.3, patience=10)
    there = replace(longer, device="cuda", precision=precision)
    report = finetune.finetune(ITEM, ITEM.rows, there, tmp_path / "t")
    assert report.card.validation.qwk > 0.7
    found = predict.predict(report.folder, TEXTS, precision=precision, device="cuda")
    expected = predict.predict(report.folder, TEXTS, precision="fp32", device="cpu")
    assert np.abs(found - expected).max() < 0.05
