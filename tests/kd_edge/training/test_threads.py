"""How many threads torch computes with."""

from __future__ import annotations

import pytest
import torch

from kd_edge.training import threads


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with 4 cores, of which `machine(busy)` are used by others."""
    stat, quota = tmp_path / "stat", tmp_path / "cpu.max"
    usual = torch.get_num_threads()
    monkeypatch.setattr(threads, "_STAT", stat)
    monkeypatch.setattr(threads, "_QUOTA", quota)
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    for name in threads._FIXED:
        monkeypatch.delenv(name, raising=False)
    threads._free_cores.cache_clear()
    torch.set_num_threads(4)

    def write(busy, ticks):
        cores = range(6)  # two of them are not ours
        lines = [f"cpu{at} {ticks * (at < busy)} 0 0 {ticks * (at >= busy)} 0 0 0" for at in cores]
        stat.write_text("\n".join(["cpu 1 2 3 4 5 6 7 8", *lines, "intr 5"]))

    def machine(busy, limit="max 100000"):
        quota.write_text(limit)
        write(busy, 100)
        monkeypatch.setattr(threads.time, "sleep", lambda _: write(busy, 200))

    yield machine
    torch.set_num_threads(usual)
    threads._free_cores.cache_clear()


@pytest.mark.parametrize(("busy", "expected"), [(0, 4), (1, 3), (3, 1), (4, 1)])
def test_no_more_threads_than_free_cores(machine, capsys, busy, expected):
    machine(busy)
    assert threads.free_threads() == expected
    assert ("Other programs use" in capsys.readouterr().err) == (expected < 4)
    machine(4 - busy)
    assert threads.free_threads() == expected  # watched once


def test_a_containers_quota(machine):
    machine(0, "200000 100000")
    assert threads.free_threads() == 2


def test_the_environment_is_kept(machine, monkeypatch):
    machine(4)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert threads.free_threads() == 4


def test_fewer_threads_that_were_set_are_kept(machine):
    machine(1)
    torch.set_num_threads(2)
    assert threads.free_threads() == 2


@pytest.mark.usefixtures("machine")
def test_a_system_that_does_not_say(monkeypatch, tmp_path):
    monkeypatch.setattr(threads, "_STAT", tmp_path / "none")
    monkeypatch.setattr(threads, "_QUOTA", tmp_path / "none")
    assert threads.free_threads() == 4


def test_torch_has_them_only_within(machine):
    machine(2)
    with threads.computing():
        assert torch.get_num_threads() == 2
        with threads.computing(1):
            assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 4
    with pytest.raises(ValueError, match="x"), threads.computing(3):
        assert torch.get_num_threads() == 3
        raise ValueError("x")
    assert torch.get_num_threads() == 4
