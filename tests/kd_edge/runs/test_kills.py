"""Commands that are killed, refused or stopped come to the same when they are given again.

All kills are tried by `python -m benchmarks.kill_points`; here some of them.
"""

from __future__ import annotations

import os
from importlib import import_module

import pytest

if not hasattr(os, "fork"):
    pytest.skip("processes are forked to be killed", allow_module_level=True)

import kill_scenarios
from kill_points import command, kill_points
from power_cuts import fast_folder
from power_model import lay

# What a scenario sets for its whole process.
_SET = (
    "power_steps._PIECE",
    "kd_edge.training.checkpoint._SECONDS",
    "kd_edge.soft_labels.label_variants.CHUNK",
)


@pytest.fixture(scope="module")
def full_run():
    """All is set back afterwards, for the tests that follow in this process."""
    with pytest.MonkeyPatch.context() as patch, fast_folder() as folder:
        for name in _SET:
            module, _, attribute = name.rpartition(".")
            patch.setattr(name, getattr(import_module(module), attribute))
        patch.setenv("SOURCE_DATE_EPOCH", "")
        yield kill_scenarios.RunScenario(folder)


@pytest.mark.parametrize(
    ("faults", "every"), [(["killed", "torn"], 83), (["full"], 131), (["ctrl-c", "memory"], 151)]
)
def test_a_run_comes_to_the_same(full_run, faults, every):
    points = full_run.counts(faults, every)
    assert points.killed >= 3
    assert points.steps > 300


@pytest.mark.parametrize("name", ["install", "sign"])
def test_a_small_command_comes_to_the_same(name):
    points = kill_scenarios.counts(name)
    assert points.killed > points.steps >= 5


def test_what_is_lost_is_found(tmp_path):
    disk = tmp_path / "disk"
    lay(disk, {"file": b"old"})

    def careless():
        (disk / "left").touch()
        (disk / "file").write_bytes(b"new")
        (disk / "left").unlink()

    def stops_for_good():
        if (disk / "file").read_bytes() != b"old":
            raise ValueError("half")
        (disk / "file").write_bytes(b"new")

    def appends():
        with (disk / "file").open("ab") as file:
            file.write(b", new")

    assert kill_points(careless, disk).lost == 0  # it makes all of it again
    with pytest.raises(AssertionError, match=r"same command again ends with ValueError: half"):
        kill_points(stops_for_good, disk)
    with pytest.raises(AssertionError, match=r"torn at step 1.*not the same afterwards: file"):
        kill_points(appends, disk)


def test_a_command_ends_with_its_code(tmp_path):
    lay(tmp_path / "disk", {})
    with pytest.raises(AssertionError, match=r"itself ends with EndedError: exit code 2"):
        kill_points(command("install", tmp_path / "none.kdz"), tmp_path / "disk")
