"""What a worker does with an item, without any Ray."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from kd_edge.console.progress import say
from kd_edge.runs import cluster_task
from kd_edge.runs.cluster_task import Site, work
from kd_edge.stages.lock import held
from kd_edge.stages.record import versions
from kd_edge_runtime.errors import InputError
from workshop import CANARY


@dataclass(frozen=True)
class Task:
    """An item that fails, or whose teacher does its part."""

    folder: Path
    error: BaseException | None = None

    def run(self):
        say(f"said of {self.folder.name}")
        if self.error:
            raise self.error

    def teach(self):
        return ("teacher",)


@pytest.fixture(autouse=True)
def _as_before(monkeypatch, tmp_path):
    """A worker changes its process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(cluster_task, "compute_with", lambda _: None)
    monkeypatch.setattr(cluster_task, "only_ends", lambda: None)


@pytest.fixture
def site(tmp_path):
    (tmp_path / "mark").touch()
    return Site(tmp_path / "mark", tmp_path, versions(), 1)


def test_an_error_is_given_back_as_words(site, tmp_path, capsys):
    failed = work(site, Task(tmp_path / "item-a", InputError("too few rows")))
    assert (failed.error, failed.exit_code, failed.all_fail) == ("too few rows", 2, False)
    assert failed.said == "said of item-a\n"
    assert capsys.readouterr() == ("", "")


def test_an_unforeseen_error_gives_no_word_of_a_student(site, tmp_path):
    failed = work(site, Task(tmp_path / "item-a", ValueError(CANARY)))
    assert "an unexpected error (ValueError)" in failed.error
    assert CANARY not in repr(failed)


class PanicException(BaseException):
    """As the package tokenizers raises it, after a line that it writes past Python."""

    def __str__(self):
        os.write(2, CANARY.encode())
        return CANARY


def test_a_panic_gives_no_word_of_a_student(site, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(Task, "teach", lambda _: os.system(f"echo {CANARY} >&2; echo {CANARY}"))
    work(site, Task(tmp_path / "item-a"), teach=True)
    failed = work(site, Task(tmp_path / "item-a", PanicException()))
    assert "an unexpected error (PanicException)" in failed.error
    assert CANARY not in repr(failed)
    os.write(2, b"heard")
    assert capfd.readouterr() == ("", "heard")
    with pytest.raises(KeyboardInterrupt):
        work(site, Task(tmp_path / "item-a", KeyboardInterrupt()))


def test_what_a_teacher_did_is_told_and_not_done_after_an_error(site, tmp_path):
    taught = work(site, Task(tmp_path / "item-a"), teach=True)
    assert taught.ran == ("teacher",)
    failed = work(site, Task(tmp_path / "item-a", InputError("no")))
    assert work(site, Task(tmp_path / "item-a"), failed) is failed


def test_a_machine_without_the_folder_runs_nothing(site, tmp_path):
    (tmp_path / "mark").unlink()
    failed = work(site, Task(tmp_path / "item-a"))
    assert failed.all_fail
    assert f"does not see the run's folder '{tmp_path}'" in failed.error


def test_a_machine_with_other_versions_runs_nothing(tmp_path):
    (tmp_path / "mark").touch()
    wanted = {**versions(), "torch": "0.1"}
    failed = work(Site(tmp_path / "mark", tmp_path, wanted, 1), Task(tmp_path / "item-a"))
    assert failed.all_fail
    assert "torch 0.1" in failed.error


def test_a_task_waits_for_one_that_was_taken_for_lost(site, tmp_path, monkeypatch):
    folder = tmp_path / "item-a"
    lost = held(folder, "running the item")
    lost.__enter__()
    monkeypatch.setattr(cluster_task.time, "sleep", lambda _: lost.__exit__(None, None, None))
    assert work(site, Task(folder), teach=True).ran == ("teacher",)
    monkeypatch.undo()
    monkeypatch.setattr(cluster_task, "_LOST_S", -1.0)
    os.chdir(tmp_path)
    with held(folder, "running the item"):
        assert "another process is at work" in work(site, Task(folder)).error
