"""What this machine computes on, and how exactly: on machines that are not this one."""

from __future__ import annotations

import pytest
import torch

from kd_edge.teacher import compute
from kd_edge.teacher.compute import (
    choose_device,
    choose_precision,
    computing_on,
    random_devices,
)
from kd_edge.teacher.options import TeacherOptions
from kd_edge_runtime.errors import InputError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def gpu(monkeypatch):
    """A GPU of this compute capability, as far as torch is asked: `gpu(7, 5)`."""

    def gpu(*capability):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: capability)

    return gpu


def test_a_machine_without_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == CPU
    with pytest.raises(InputError, match="no CUDA device here"):
        choose_device("cuda")


def test_a_machine_with_a_gpu(gpu):
    gpu(8, 0)
    assert choose_device("auto") == choose_device("cuda") == CUDA
    assert choose_device("cpu") == CPU


def test_one_of_several_gpus(gpu, monkeypatch):
    gpu(8, 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("cuda:1") == torch.device("cuda:1")
    assert random_devices(choose_device("cuda:1")) == [1]
    with pytest.raises(InputError, match="no device 'cuda:2' here; the last one is 'cuda:1'"):
        choose_device("cuda:2")


def test_a_mac(monkeypatch):
    with pytest.raises(InputError, match="no Apple GPU"):
        choose_device("mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    there = choose_device("mps")
    assert there == torch.device("mps")
    assert choose_precision(there, "auto") == "fp32"
    assert random_devices(there) == random_devices(CPU) == []
    with pytest.raises(InputError, match="the work is on an Apple GPU"):
        choose_precision(there, "fp16")


@pytest.mark.parametrize("name", ["auto", "cpu", "cuda", "cuda:0", "cuda:12", "mps"])
def test_names_of_devices(name):
    assert TeacherOptions(device=name).device == name


@pytest.mark.parametrize("name", ["", "gpu", "tpu", "cuda:", "cuda:x", "cuda:1 ", "cpu:0", "CUDA"])
def test_what_is_no_device(name):
    with pytest.raises(InputError, match="device"):
        TeacherOptions(device=name)


@pytest.mark.parametrize(
    ("flags", "precision"),
    [(None, "fp32"), ("flags : sse avx512f", "fp32"), ("flags : sse amx_bf16", "bf16")],
)
def test_a_processor_computes_in_bf16_or_it_does_not(monkeypatch, tmp_path, flags, precision):
    info = tmp_path / "cpuinfo"
    monkeypatch.setattr(compute, "_CPUINFO", info)
    if flags is not None:
        info.write_text(flags)
    assert choose_precision(CPU, "auto") == precision
    assert choose_precision(CPU, "fp32") == "fp32"
    assert choose_precision(CPU, "bf16") == "bf16"


@pytest.mark.parametrize(
    ("capability", "precision"), [((8, 0), "bf16"), ((9, 0), "bf16"), ((7, 5), "fp16")]
)
def test_a_gpu_computes_in_bf16_or_else_in_fp16(gpu, capability, precision):
    gpu(*capability)
    assert choose_precision(CUDA, "auto") == precision
    for asked in ("fp32", "bf16", "fp16"):
        assert choose_precision(CUDA, asked) == asked


def test_an_amd_gpu_computes_in_bf16(gpu, monkeypatch):
    gpu(7, 5)
    monkeypatch.setattr(torch.version, "hip", "6.2")
    assert choose_precision(CUDA, "auto") == "bf16"


def test_fp16_without_a_gpu_is_refused():
    with pytest.raises(InputError, match="fp16 needs a CUDA device"):
        choose_precision(CPU, "fp16")


def test_all_of_a_command_computes_where_it_was_told(gpu, monkeypatch):
    gpu(8, 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with computing_on("cuda:1"):
        assert choose_device("auto") == torch.device("cuda:1")
        assert choose_device("cpu") == CPU
        with computing_on("auto"):
            assert choose_device("auto") == CUDA
    assert choose_device("auto") == CUDA
    with pytest.raises(InputError, match="no device 'cuda:7'"), computing_on("cuda:7"):
        pass
    with pytest.raises(KeyError), computing_on("cpu"):
        raise KeyError
    assert choose_device("auto") == CUDA
