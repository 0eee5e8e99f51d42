"""Progress goes to stderr, seldom, and costs nothing to import."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import nullcontext

import pytest
from rich.progress import TimeRemainingColumn

from kd_edge.console import progress
from kd_edge.console.progress import say, span, track


class Clock:
    """A clock that the test moves."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress.time, "monotonic", clock)
    return clock


def _terminal(monkeypatch):
    # in the test itself: pytest sets sys.stderr anew after the fixtures
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return terminal


def test_plain_lines_are_seldom_and_tell_the_time_left(clock, capsys):
    with track("fine-tuning", 100) as tracker:
        tracker.note("loss 0.41 QWK 0.78")
        for _ in range(40):
            clock.now += 1.0
            tracker.advance(2)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "fine-tuning: 20/100, loss 0.41 QWK 0.78, 40 s left",
        "fine-tuning: 40/100, loss 0.41 QWK 0.78, 30 s left",
        "fine-tuning: 60/100, loss 0.41 QWK 0.78, 20 s left",
        "fine-tuning: 80/100, loss 0.41 QWK 0.78, 10 s left",
        "fine-tuning: 80/100, loss 0.41 QWK 0.78, took 40 s",
    ]


def test_what_an_earlier_run_did_does_not_count_towards_the_speed(clock, capsys):
    with track("scoring", 100, done=50) as tracker:
        clock.now += 10.0
        tracker.advance(10)
    assert "scoring: 60/100, 40 s left" in capsys.readouterr().err


def test_no_time_left_is_told_before_enough_is_done(clock, capsys):
    """The first batches are slow: 20 s of them foretell an hour where there are 3 minutes left."""
    with track("scoring", 1100, done=100) as tracker:
        for done in (6, 13, 1, 100):
            clock.now += 10.0
            tracker.advance(done)
    assert capsys.readouterr().err.splitlines() == [
        "scoring: 106/1100",
        "scoring: 119/1100",
        "scoring: 120/1100, 24 min left",
        "scoring: 220/1100, 5 min left",
        "scoring: 220/1100, took 40 s",
    ]


@pytest.mark.parametrize("around", [nullcontext(), track("items", 2)])
def test_a_bar_tells_no_time_left_before_enough_is_done(monkeypatch, around):
    _terminal(monkeypatch)
    with around, track("scoring", 1100, done=100) as tracker:
        (bars,) = progress._bars
        task = bars.tasks[-1]
        (column,) = (one for one in bars.columns if isinstance(one, TimeRemainingColumn))
        # What rich itself would say: a minute.
        monkeypatch.setattr(type(task), "time_remaining", 60.0)
        tracker.advance(19)
        assert column.render(task).plain == "-:--:--"
        tracker.advance(1)
        assert column.render(task).plain == "0:01:00"


def test_a_stopped_piece_of_work_says_so(clock, capsys):
    with pytest.raises(KeyboardInterrupt), track("scoring", 3) as tracker:
        tracker.advance()
        clock.now += 2.0
        raise KeyboardInterrupt
    assert capsys.readouterr().err == "scoring: 1/3, stopped after 2 s\n"


def test_say_is_one_line_on_stderr(capsys):
    say("Going on after epoch 2.")
    assert capsys.readouterr() == ("", "Going on after epoch 2.\n")


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    terminal = _terminal(monkeypatch)
    with track("fine-tuning [x]", 4) as tracker:
        tracker.note("loss [0.41]")
        tracker.advance(4)
        say("a [line] between")
    drawn = terminal.getvalue()
    for wanted in ("fine-tuning [x]", "4/4", "loss [0.41]", "a [line] between"):
        assert wanted in drawn
    assert capsys.readouterr().out == ""


def test_bars_nest_and_leave_nothing_behind(monkeypatch):
    terminal = _terminal(monkeypatch)
    with track("outer", 2) as outer:
        with track("inner", 3) as inner:
            inner.advance(3)
        outer.advance()
    assert "inner" in terminal.getvalue()
    with pytest.raises(ValueError, match="torn"), track("outer", 2), track("inner", 3):
        raise ValueError("torn")
    assert not progress._bars


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (99, "99 s"), (240, "4 min"), (5400, "90 min"), (9000, "2.5 h")],
)
def test_span(seconds, words):
    assert span(seconds) == words


def test_these_modules_import_neither_torch_nor_rich():
    code = (
        "import sys\n"
        "import kd_edge.console.progress, kd_edge.stages.record, kd_edge.files\n"
        "import kd_edge.soft_labels.labels\n"
        "import kd_edge.soft_labels.augmentation, kd_edge.soft_labels.label_variants\n"
        "import kd_edge.teacher.options, kd_edge.teacher.source, kd_edge.teacher.card\n"
        "import kd_edge.data.stratify, kd_edge.training.epoch\n"
        "heavy = {'torch', 'transformers', 'rich', 'sklearn', 'huggingface_hub'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert found.stdout.strip() == "[]"
