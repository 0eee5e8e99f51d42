"""Two processes do not make the same files at once, whatever locks were left behind."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys

import pytest

from kd_edge.stages import lock
from kd_edge.stages.lock import held
from kd_edge_runtime.errors import InputError

posix = pytest.mark.skipif(os.name != "posix", reason="locks and processes of POSIX")


def test_a_second_one_is_refused_and_told_of_the_first(tmp_path):
    path = tmp_path / "teacher"
    with held(path, "fine-tuning"):
        named = rf"another process is at work on it \(fine-tuning by .*process {os.getpid()}, since"
        with pytest.raises(InputError, match=named), held(path, "labelling"):
            pass
        with held(tmp_path / "student", "distilling"):
            pass
    with held(path, "fine-tuning"):
        pass
    assert [*tmp_path.iterdir()] == []


@posix
def test_without_locks_of_the_system_what_the_file_says_decides(tmp_path, monkeypatch):
    import fcntl

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    path, file = tmp_path / "teacher", tmp_path / ".teacher.lock"
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    here, since = socket.gethostname(), "since 2999-01-01 00:00:00+00:00"
    left = [
        f"a on {here}, process {ended.pid}, {since}\n",  # dead
        f"a on {here}, process {os.getpid()}, {since} (tick 1)\n",  # another has its number now
        "",
    ]
    for line in left:
        file.write_text(line)
        with held(path, "fine-tuning"):
            pass
        assert not file.exists()
    for line in (
        f"a on {here}, process {os.getpid()}, {since}\n",
        f"a on elsewhere, process {ended.pid}, {since}\n",
        "what nobody wrote",
    ):
        file.write_text(line)
        advice = r"if it is not at work any more, remove '\.teacher\.lock'"
        with pytest.raises(InputError, match=advice), held(path, "fine-tuning"):
            pass
        assert file.read_text() == line


@posix
def test_its_own_line_is_understood(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "_try", lambda _: None)
    with held(tmp_path / "x", "a"), pytest.raises(InputError), held(tmp_path / "x", "b"):
        pass
