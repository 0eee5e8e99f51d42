"""Places of `kd-edge serve`: for connections, for long requests, and of the system for files."""

from __future__ import annotations

import os
import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.serve import door, server
from kd_edge_runtime.serve.limits import served_and_refused
from kd_edge_runtime.serve.listeners import unix_listener
from kd_edge_runtime.serve.places import Places
from services import PATIENCE, started

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Unix sockets and signals")

TEXT = "The ice melts since the room is warmer than the ice."


class Panicking(Scorer):
    """A scorer that fails as packages written in Rust do."""

    class Panic(BaseException):
        """No `Exception`, as pyo3's."""

    def score_many(self, texts, item_id=None, threads=None):
        if "panic" in texts:
            raise self.Panic
        if "exit" in texts:
            raise SystemExit(3)
        return super().score_many(texts, item_id, threads)


def test_whatever_a_package_raises_is_an_answer_and_frees_the_place(serving):
    connect = serving(Panicking, connections=2)
    for text in ("panic", "exit") * 20:
        client = connect()
        answer = client.ask({"id": 3, "text": text})
        assert (answer["id"], answer["error"]["code"]) == (3, "failed")
        assert client.ask({"id": 4, "texts": ["a"] * 40 + [text]})["error"]["code"] == "failed"
        client.close()
    until_served(connect)


def until_served(connect):
    for _ in range(100):
        client = connect()
        answer = client.ask({"text": TEXT})
        client.close()
        if "predicted" in answer:
            return
        time.sleep(0.05)
    pytest.fail("there is no place any more")


def test_an_idle_connection_gives_way(serving, clock, monkeypatch):
    monkeypatch.setattr(server, "_GIVES_WAY", 1000)
    connect = serving(connections=2, idle_seconds=9000, line_seconds=9000)
    idle, half = connect(), connect()
    assert half.ask({"text": TEXT})["predicted"]  # it has been let in
    half.send(b'{"text"')
    assert idle.ask({"text": TEXT})["predicted"]  # and what was sent before has come
    assert connect().read()["error"]["code"] == "busy"  # the server has gone on since its answer
    clock.ahead += 2000
    new = connect()
    assert new.ask({"text": TEXT})["predicted"]
    assert idle.read() is None
    assert connect().read()["error"]["code"] == "busy"
    half.send(b': ""}\n')
    assert half.read()["flag"] == "empty"


def test_places_are_given_in_order():
    queue = Places[str](2)
    assert [queue.ask(who) for who in "abca"] == [True, True, False, True]
    queue.leave("a")
    queue.leave("x")
    assert queue.holders() == ["b", "c"]


def test_places_fit_into_the_open_files_that_are_allowed():
    assert served_and_refused(256, None)[0] == served_and_refused(256, 1024)[0] == 256
    for allowed in (10, 64, 100, 300, 1024):
        served, refused = served_and_refused(256, allowed)
        assert 0 < served <= 256
        assert served + refused <= max(allowed - 40, 10)


def test_at_the_limit_of_descriptors_it_waits_and_says_why(bundle, tmp_path):
    path = str(tmp_path / "socket")

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))

    with started(bundle, "--socket", path, where=path, preexec_fn=few) as service, ExitStack() as s:
        assert "ulimit -n" in service.process.stderr.readline()
        clients = [s.enter_context(service.client()) for _ in range(100)]
        assert clients[0].ask({"text": TEXT})["predicted"]
        assert clients[-1].read()["error"]["code"] == "busy"
        spent = cpu(service.process)
        time.sleep(1.0)
        assert cpu(service.process) - spent < 0.5


def cpu(process):
    if not Path("/proc/self/stat").is_file():
        return 0.0
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_where_no_file_can_be_opened_a_client_is_told(tmp_path):
    said = []
    with unix_listener(tmp_path / "s") as listener:
        one = door.Door(listener, said.append, lambda: b"why\n")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "s"))
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            taken = os.open(os.devnull, os.O_RDONLY)
            os.close(taken)
            resource.setrlimit(resource.RLIMIT_NOFILE, (taken, hard[1]))
            try:
                assert one.let_in() == []
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, hard)
            assert one.shut
            assert "ulimit -n" in said[0]
            client.settimeout(PATIENCE)
            assert client.recv(100) == b"why\n"
        one.close()
