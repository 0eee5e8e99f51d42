"""Work that is stopped in the middle, by whatever, and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from fake_llm import FakeLlm, Reaction, response_of, served
from kd_edge.llm import asking
from kd_edge.llm import client as clients
from kd_edge.llm.journal import journal_path
from kd_edge.soft_labels.labels import read_labels
from workshop import item_of, write_table

ITEM = item_of(60)
_PARALLEL = 3


class Watched(FakeLlm):
    """`many` is called with the number of responses asked about, before each is answered."""

    many = staticmethod(lambda _: None)

    def answer(self, path, headers, body):
        answer = super().answer(path, headers, body)
        if self.asked.index(body):
            self.many(len(self.responses))
        return answer


def given(fake, tmp_path):
    table = tmp_path / "responses.csv"
    if not table.exists():
        write_table(table, [ITEM])
    return ("label", table, "--llm", fake.url, "--model", "m", "--yes", "--examples", "0",
            "--parallel", _PARALLEL, "-o", tmp_path / "labels.csv")  # fmt: skip


def asked_twice(fake):
    return sum(count - 1 for count in Counter(fake.responses).values())


@pytest.mark.slow
def test_a_killed_process_costs_what_was_on_its_way(command, tmp_path):
    """No answer that arrived is asked for again."""
    program = Path(sys.executable).with_name("kd-edge")
    with served(Watched()) as fake, served() as later:
        words = [str(program), *map(str, given(fake, tmp_path))]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ended = threading.Event()

        def kill(count):
            if count == 25:
                os.kill(process.pid, signal.SIGKILL)
            if count >= 25:
                ended.wait(300)  # no more is answered

        fake.many = kill
        try:
            assert process.wait(300) == -signal.SIGKILL
        finally:
            process.kill()
            ended.set()
        kept = journal_path(tmp_path / "labels.csv").read_bytes().count(b"\n")
        assert 25 - _PARALLEL <= kept < 25
        said = command(*given(later, tmp_path))
        assert said.code == 0, said.err
        assert f"{kept} answers are known" in said.err
        assert len(later.responses) == 60 - kept, "another server, so that none is counted twice"
    assert len(read_labels(tmp_path / "labels.csv", ("0", "1", "2")).ids) == 60


def test_ctrl_c(command, tmp_path, monkeypatch):
    """What was on its way is still taken: nothing is asked twice at all."""
    real = asking._Tally.take
    pressed = threading.Event()

    def take(self, result):
        if self.seen == 20:
            monkeypatch.setattr(asking._Tally, "take", real)
            pressed.set()
            raise KeyboardInterrupt
        real(self, result)

    monkeypatch.setattr(asking._Tally, "take", take)
    with served(Watched()) as fake:
        fake.many = lambda count: count > 30 and pressed.wait(300)  # no further before Ctrl-C
        said = command(*given(fake, tmp_path))
        assert said.code == 130
        assert "start the same command again" in said.err
        assert 20 < len(fake.responses) < 40
        assert command(*given(fake, tmp_path)).code == 0
        assert asked_twice(fake) == 0


def test_a_server_that_breaks_down(command, tmp_path, monkeypatch):
    monkeypatch.setattr(clients, "FIRST_WAIT_S", 0.0001)
    down = FakeLlm(react=lambda _, number: Reaction(503) if number > 30 else None)
    with served(down) as fake:
        said = command(*given(fake, tmp_path))
        assert said.code == 1
        assert "did not answer 8 times, the last time: HTTP 503" in said.err
        fake.react = lambda *_: None
        fake.asked.clear()
        said = command(*given(fake, tmp_path))
        assert said.code == 0
        assert "30 answers are known" in said.err
        assert len(fake.responses) == 30


def test_a_server_that_is_busy(command, tmp_path, monkeypatch):
    """429 now and then, as of a limit: all is labelled."""
    monkeypatch.setattr(clients, "FIRST_WAIT_S", 0.001)
    busy = Reaction(429, headers={"Retry-After": "0.01"})
    refused = Counter()

    def react(body, number):
        # Nothing all the time, as chance would have it now and then.
        if number % 3 != 2 or refused[response_of(body)] == 4:
            return None
        refused[response_of(body)] += 1
        return busy

    with served(FakeLlm(react=react)) as fake:
        assert command(*given(fake, tmp_path)).code == 0
    assert len(set(fake.responses)) == 60
    assert refused.total() > 20


def test_responses_alike_are_asked_about_once(command, tmp_path):
    (tmp_path / "responses.csv").write_text("text\n" + "the ice\nthe cup\n" * 15)
    with served() as fake:
        said = command(*given(fake, tmp_path), "--score-range", "0-2")
    assert said.code == 0, said.err
    assert sorted(fake.responses) == ["the cup", "the ice"]
    assert len(read_labels(tmp_path / "labels.csv", ("0", "1", "2")).ids) == 30
