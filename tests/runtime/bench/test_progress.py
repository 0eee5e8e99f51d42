"""Progress on standard error."""

from __future__ import annotations

import io
import sys

import pytest

from kd_edge_runtime.bench import progress
from kd_edge_runtime.bench.progress import Progress


@pytest.fixture
def now(monkeypatch):
    """Sets the clock."""
    at = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: at[0])
    return lambda seconds: at.__setitem__(0, seconds)


def test_lines(now, capsys):
    shown = Progress(3, guess=5)
    shown.next("plain")
    now(4)
    shown.next("onnx")
    now(6)
    shown.left(99)  # too soon
    now(15)
    shown.left(7.4)
    now(20)
    shown.next("teacher/int8.onnx")
    shown.next("plain, sustained", 60)
    shown.end()
    assert capsys.readouterr().err.splitlines() == [
        "plain (1 of 3): about 15 s left",
        "onnx (2 of 3): about 8 s left",
        "onnx (2 of 3): about 7 s left",
        "teacher/int8.onnx (3 of 3): about 10 s left",
        "plain, sustained: about 60 s left",
    ]


def test_one_line_on_a_terminal(now, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    shown = Progress(1, guess=5)
    shown.next("plain")
    now(0.6)
    shown.left(3)
    shown.end()
    clear = "\r\x1b[K"
    said = f"{clear}plain (1 of 1): about 5 s left{clear}plain (1 of 1): about 3 s left{clear}"
    assert sys.stderr.getvalue() == said


@pytest.mark.usefixtures("now")
def test_nowhere_to_say_it(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    shown = Progress(1, guess=5)
    shown.next("plain")
    shown.end()
