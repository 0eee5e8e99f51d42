"""Progress goes to stderr, seldom, and costs nothing to import."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from contextlib import nullcontext

import pytest
from rich.console import Console

from kd_edge.console import progress
from kd_edge.console.bars import bars
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


def _terminal(monkeypatch, width=120):
    # in the test itself: pytest sets sys.stderr anew after the fixtures
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(width))
    return terminal


def _drawn(width=120):
    console = Console(width=width, file=io.StringIO())
    console.print(bars(progress._shown, width))
    return console.file.getvalue()


def test_plain_lines_are_seldom_and_tell_the_time_left(clock, capsys):
    with track("fine-tuning", 100) as tracker:
        tracker.note("loss 0.41 QWK 0.78")
        for _ in range(40):
            clock.now += 1.0
            tracker.advance(2)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "fine-tuning: 4/100, loss 0.41 QWK 0.78, 48 s left",
        "fine-tuning: 24/100, loss 0.41 QWK 0.78, 38 s left",
        "fine-tuning: 44/100, loss 0.41 QWK 0.78, 28 s left",
        "fine-tuning: 64/100, loss 0.41 QWK 0.78, 18 s left",
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
def test_a_bar_tells_no_time_left_before_enough_is_done(monkeypatch, clock, around):
    _terminal(monkeypatch)
    with around, track("scoring", 1100, done=100) as tracker:
        clock.now += 10
        tracker.advance(19)
        assert " left" not in _drawn()
        clock.now += 10
        tracker.advance(1)
        assert "120/1100 16 min left" in _drawn()
        clock.now += 100  # it counts down between two units
        assert "120/1100 15 min left" in _drawn()
        tracker.advance(980)
        assert "1100/1100 took 2 min" in _drawn()


@pytest.mark.parametrize("width", [80, 60, 40])
def test_a_narrow_terminal_keeps_count_and_time_left(monkeypatch, clock, width):
    terminal = _terminal(monkeypatch, width)
    note = "epoch 3/8: QWK 0.712, accuracy 0.651"
    with track("scoring variants with the teacher", 50_000) as outer, track("a", 10) as inner:
        clock.now += 100
        outer.advance(25_000)
        outer.note(note)
        inner.advance()
        lines = _drawn(width).splitlines()
        assert max(map(len, lines)) <= width
        assert "25000/50000 2 min left" in lines[0] or "25000/50000 100 s left" in lines[0]
        assert "1/10" in lines[1]
        assert "15 min left" in lines[1]
        assert lines[0].startswith("scoring variants with the teach"[: width - 27])
    assert "\n\n" not in terminal.getvalue()


def test_a_wide_terminal_shows_bar_and_note_too(monkeypatch, clock):
    _terminal(monkeypatch, 80)
    with track("fine-tuning the teacher", 1600) as tracker:
        clock.now += 60
        tracker.advance(800)
        tracker.note("epoch 3/8: QWK 0.712")
        (line,) = _drawn(80).splitlines()
    assert re.fullmatch(
        "fine-tuning the teacher [━╸╺ ]{16} 800/1600 60 s left epoch 3/8: QWK 0.712", line.rstrip()
    )


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
    assert not progress._displays
    assert not progress._shown


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
        "import kd_edge.data.splits, kd_edge.training.epoch\n"
        "heavy = {'torch', 'transformers', 'rich', 'sklearn', 'huggingface_hub'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert found.stdout.strip() == "[]"
