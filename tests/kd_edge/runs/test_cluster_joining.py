"""What is said where a Ray cluster cannot be joined, or not used: by a package ray that is none."""

from __future__ import annotations

import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from kd_edge.runs.cluster import Cluster
from kd_edge.runs.cluster_joining import joined
from kd_edge.runs.cluster_task import Outcome
from kd_edge.stages.record import StoppedError
from kd_edge_runtime.errors import InputError

MISMATCH = (
    "Version mismatch: The cluster was started with:\n    Ray: 2.9.3\n    Python: 3.10.1\n"
    "This process on node 10.0.0.2 was started with:\n    Ray: 2.60.0\n    Python: 3.11.2\n"
)


@dataclass(frozen=True)
class Task:
    out: Path
    folder: Path


@pytest.fixture
def ray(monkeypatch):
    """A package with a cluster of one machine; `asked` is what it was asked to join."""
    asked = []
    node = {"Alive": True, "Resources": {"CPU": 2.0}}
    one = SimpleNamespace(
        init=lambda address, **_: asked.append(address),
        nodes=lambda: [node],
        shutdown=lambda: asked.append("shut down"),
        asked=asked,
    )
    monkeypatch.setitem(sys.modules, "ray", one)
    monkeypatch.setattr("kd_edge.runs.cluster.find_spec", lambda _: True)
    return one


@pytest.mark.parametrize("named", ["address", "RAY_ADDRESS"])
def test_where_nobody_answers_ray_is_not_left_to_wait(ray, monkeypatch, named):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    if named == "RAY_ADDRESS":
        monkeypatch.setenv(named, address)
    given = address if named == "address" else "auto"
    with pytest.raises(InputError, match=f"no Ray cluster to join at '{address}'"), joined(given):
        pass
    assert ray.asked == []


def test_a_cluster_of_other_versions_is_named_as_such(ray):
    def refuses(**_):
        raise RuntimeError(MISMATCH)

    ray.init = refuses
    wanted = "has Ray 2.9.3 on Python 3.10.1, and this machine Ray 2.60.0 on Python 3.11.2"
    with socket.create_server(("127.0.0.1", 0)) as head:
        address = f"127.0.0.1:{head.getsockname()[1]}"
        with pytest.raises(InputError, match=wanted), joined(address):
            pass


def test_this_machine_alone_gets_no_more_processors_by_waiting(ray, tmp_path):
    task = Task(tmp_path, tmp_path / "item-a")
    with pytest.raises(InputError, match=r"the CPUs \(3\) and GPUs \(0\).* but CPUs: 2, GPUs: 0"):
        Cluster("local", cpus=3).each_item([("a", task)])
    assert ray.asked == ["local", "shut down"]
    assert [*tmp_path.iterdir()] == []


def test_ctrl_c_again_does_not_wait_for_the_tasks(ray, tmp_path):
    def presses(*_, **__):
        raise KeyboardInterrupt

    ray.wait = presses
    ray.cancel = lambda task, **_: ray.asked.append(f"cancel {task}")
    ray.remote = lambda **_: lambda _: SimpleNamespace(remote=lambda *_: "task")
    with pytest.raises(StoppedError, match="start the same command again"):
        Cluster("local").each_item([("a", Task(tmp_path, tmp_path / "item-a"))])
    assert ray.asked == ["local", "cancel task", "shut down"]
    assert [*tmp_path.iterdir()] == []


def test_ctrl_c_is_not_lost_where_nobody_sees_its_exception(ray, tmp_path):
    def waits(tasks, **_):
        if "cancel task" in ray.asked:
            return tasks, []
        assert "wait" not in ray.asked, "it was told to stop"
        ray.asked.append("wait")
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return [], tasks

    before = signal.getsignal(signal.SIGINT)
    ray.wait = waits
    ray.cancel = lambda task, **_: ray.asked.append(f"cancel {task}")
    ray.remote = lambda **_: lambda _: SimpleNamespace(remote=lambda *_: "task")
    with pytest.raises(StoppedError, match="start the same command again"):
        Cluster("local").each_item([("a", Task(tmp_path, tmp_path / "item-a"))])
    assert ray.asked[:3] == ["local", "wait", "cancel task"]
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_is_not_lost_while_the_last_item_is_fetched(ray, tmp_path):
    def gets(_):
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return Outcome(run=SimpleNamespace())

    ray.wait = lambda tasks, **_: (tasks, [])
    ray.get = gets
    ray.cancel = lambda task, **_: ray.asked.append(f"cancel {task}")
    ray.remote = lambda **_: lambda _: SimpleNamespace(remote=lambda *_: "task")
    with pytest.raises(StoppedError, match="start the same command again"):
        Cluster("local").each_item([("a", Task(tmp_path, tmp_path / "item-a"))])
    assert "cancel task" in ray.asked
