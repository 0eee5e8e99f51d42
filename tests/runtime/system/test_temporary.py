"""Temporary files: for their owner alone, and gone again after a kill."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys

import pytest

from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.system.temporary import open_temporary, remove_stale

posix = pytest.mark.skipif(os.name != "posix", reason="modes and locks of POSIX")

_KILLED = """
import os, signal, sys
from pathlib import Path
from kd_edge_runtime.files import atomic_write

with atomic_write(Path(sys.argv[1])) as file:
    file.write("a student's words")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@posix
def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    path = tmp_path / "scores.csv"
    done = subprocess.run([sys.executable, "-c", _KILLED, path])
    assert done.returncode == -signal.SIGKILL
    [left] = tmp_path.iterdir()
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    with atomic_write(path) as file:
        file.write("scores")
    assert [one.name for one in tmp_path.iterdir()] == ["scores.csv"]


@posix
def test_what_is_still_being_written_stays(tmp_path):
    target = tmp_path / "scores.csv"
    number, path = open_temporary(target)
    remove_stale(target)
    assert path.exists()
    os.close(number)
    remove_stale(target)
    assert not path.exists()


def test_other_files_stay(tmp_path):
    target = tmp_path / "scores.csv"
    others = [
        *(".scores.csv.tmp", ".scores.csv.0123456789ab.tm", ".scores.csv.0123456789aX.tmp"),
        *(".other.csv.0123456789ab.tmp", "scores.csv.0123456789ab.tmp"),
    ]
    for name in others:
        (tmp_path / name).touch()
    remove_stale(target)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(others)


@posix
def test_a_link_in_the_place_of_one_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = tmp_path / ".scores.csv.0123456789ab.tmp"
    link.symlink_to(victim)
    remove_stale(tmp_path / "scores.csv")
    assert victim.read_text() == "precious"


@posix
@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o644)])
def test_who_may_read_a_new_file(tmp_path, private, mode):
    before = os.umask(0o022)
    try:
        with atomic_write(tmp_path / "a.csv", private=private) as file:
            [temporary] = tmp_path.iterdir()
            assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
            file.write("words")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == mode
