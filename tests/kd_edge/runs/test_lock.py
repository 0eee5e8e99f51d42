"""One run at a time in a folder, and none in a folder of something else."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from kd_edge.runs.folder import RESPONSES
from kd_edge.runs.lock import LOCK, run_folder
from kd_edge_runtime.errors import InputError

HOLD = """
import sys, time
from pathlib import Path
from kd_edge.runs.lock import run_folder
with run_folder(Path(sys.argv[1])):
    print("begun", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path):
    """A process of another run in a folder."""
    out = tmp_path / "out"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD, out], stdin=pipe, stdout=pipe) as process:
        assert process.stdout.readline() == b"begun\n"
        yield out, process
        process.kill()


def test_a_second_run_is_refused_with_who_is_at_work(held):
    out, process = held
    (out / "item-x").mkdir()
    with (
        pytest.raises(InputError, match=rf"(?s)another run.*process {process.pid}, since 20.*-o"),
        run_folder(out),
    ):
        pass
    assert (out / LOCK).exists()
    process.stdin.close()
    assert process.wait() == 0
    assert not (out / LOCK).exists()
    with run_folder(out):
        assert f"process {os.getpid()}" in (out / LOCK).read_text()


def test_the_lock_of_a_dead_process_is_taken_over(held, capsys):
    out, process = held
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (out / LOCK).exists()
    with run_folder(out):
        pass
    assert f"process {process.pid}" in capsys.readouterr().err
    assert not out.exists() or not (out / LOCK).exists()


def test_an_empty_folder_that_it_made_is_not_left(tmp_path):
    with pytest.raises(ZeroDivisionError), run_folder(tmp_path / "a" / "out"):
        raise ZeroDivisionError
    assert not (tmp_path / "a" / "out").exists()
    (tmp_path / "there").mkdir()
    with run_folder(tmp_path / "there"):
        pass
    assert (tmp_path / "there").is_dir()


@pytest.mark.parametrize("names", [["notes.txt"], ["photos/", "a.csv", "b.csv", "c.csv"]])
def test_a_folder_of_something_else_is_refused(tmp_path, names):
    for name in names:
        path = tmp_path / name
        path.mkdir() if name.endswith("/") else path.touch()
    with (
        pytest.raises(InputError, match=r"is not empty.*'(notes\.txt|a\.csv)'"),
        run_folder(tmp_path),
    ):
        pass
    assert not (tmp_path / LOCK).exists()


@pytest.mark.parametrize(
    "name", ["bundle.kdz", "report.json", "item-x/", "teacher.stage.json", LOCK]
)
def test_a_folder_of_a_run_is_not_foreign(tmp_path, name):
    (tmp_path / "added-by-hand.txt").touch()
    path = tmp_path / name
    path.mkdir() if name.endswith("/") else path.touch()
    with run_folder(tmp_path):
        pass


def test_hidden_files_of_a_system_do_not_count(tmp_path):
    (tmp_path / ".DS_Store").touch()
    with run_folder(tmp_path):
        pass


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(InputError, match="cannot write"), run_folder(tmp_path / "out"):
        pass


def test_the_list_of_skipped_rows_is_no_file_of_something_else(tmp_path):
    """It is written as the table is read, before the run begins."""
    (tmp_path / "responses.skipped.csv").write_text("row,response_id,reason")
    with run_folder(tmp_path):
        assert (tmp_path / LOCK).exists()
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(InputError, match="not empty"), run_folder(tmp_path):
        pass


_LEFT = [
    "somebody on another-host, process 1, since 2020-01-01 00:00:00+00:00\n",
    f"root on {socket.gethostname()}, process {os.getpid()}, since 2999-01-01 00:00:00+00:00\n",
    f"root on {socket.gethostname()}, process 99999999, since yesterday\n",
    "\0" * 900,
    "",
]


# Numbers of processes differ between workers, which are to find the same tests.
@pytest.mark.parametrize("line", _LEFT, ids=range(len(_LEFT)))
def test_a_lock_that_was_left_holds_nobody_up(tmp_path, line):
    """Of a dead process, another host, a number that another process has now, or a wrong clock."""
    (tmp_path / LOCK).write_text(line)
    with run_folder(tmp_path):
        assert f"process {os.getpid()}" in (tmp_path / LOCK).read_text()
    assert not (tmp_path / LOCK).exists()


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_lock_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / "thesis").write_text("years of work")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / LOCK).symlink_to(tmp_path / "thesis")
    with pytest.raises(InputError, match="a link in the place"), run_folder(tmp_path / "out"):
        pass
    assert (tmp_path / "thesis").read_text() == "years of work"


def test_a_stopped_run_of_all_questions_is_not_foreign(tmp_path):
    (tmp_path / RESPONSES).write_text("[]")  # what is there before its large model is
    (tmp_path / "teacher").mkdir()
    with run_folder(tmp_path):
        pass


def test_what_a_killed_run_left_is_swept(tmp_path):
    (tmp_path / "item-x").mkdir()
    (tmp_path / ".bundle.kdz.0123456789ab.tmp").write_text("half")
    (tmp_path / ".measured.new").mkdir()
    with run_folder(tmp_path):
        assert {path.name for path in tmp_path.iterdir()} == {"item-x", LOCK}
