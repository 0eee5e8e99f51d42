"""Clients of `kd-edge serve` that take what is not theirs: memory, time, places, descriptors."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

import bundles_made
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.serve import answers, door, server
from kd_edge_runtime.serve.limits import Limits, places
from kd_edge_runtime.serve.listeners import replaceable_by_others, unix_listener
from kd_edge_runtime.serve.other_protocols import other_protocol
from kd_edge_runtime.serve.places import Places
from kd_edge_runtime.serve.server import Server
from services import Client, started

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Unix sockets and signals")

TEXT = "The ice melts since the room is warmer than the ice."


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("limits") / "one.kdz"
    bundles_made.write(path)
    return path


@pytest.fixture
def serving(bundle, tmp_path):
    """Runs a server in this process; the function returned gives it a client."""
    with ExitStack() as stack:

        def serving(kind=Scorer, **limits):
            path = tmp_path / "socket"
            listener = stack.enter_context(unix_listener(path))
            said: list[str] = []
            load = lambda: kind.open(bundle)  # noqa: E731
            one = Server(listener, load, int, said.append, Limits(**limits))
            thread = threading.Thread(target=one.run)
            thread.start()

            def end():
                one.stopping = True
                thread.join(30)
                assert not thread.is_alive()

            stack.callback(end)
            serving.said = said
            return lambda: stack.enter_context(Client(str(path)))

        yield serving


# What a request may hold.


@pytest.mark.parametrize(
    ("limits", "request_", "word"),
    [
        ({}, {"id": "a" * 1001, "text": ""}, '"id" has at most 1000 bytes'),
        ({}, {"id": [{}] * 200_000, "text": ""}, '"id" has at most 1000 bytes'),
        ({"id_bytes": 4}, {"id": 12345, "text": ""}, "4 bytes"),
        ({}, {"text": "a" * 100_001}, "at most 100000 characters"),
        ({}, {"texts": ["", "a" * 100_001]}, "at most 100000 characters"),
        ({"texts": 2}, {"texts": [""] * 3}, '"texts" has at most 2 responses'),
    ],
)
def test_what_is_too_large_is_refused_with_the_limit(serving, limits, request_, word):
    client = serving(**limits)()
    refused = client.ask(request_)
    assert refused["error"]["code"] == "request"
    assert word in refused["error"]["message"]
    assert len(json.dumps(refused)) < 300
    assert client.ask({"id": 1, "text": TEXT})["id"] == 1


def test_a_whole_number_of_many_digits_takes_no_time(monkeypatch):
    monkeypatch.setattr(answers, "int", lambda _: pytest.fail("it is read"), raising=False)
    with pytest.raises(answers._RefusedError, match="not JSON"):
        answers._parsed(b'{"id": ' + b"9" * 5000 + b"}")


def test_parts_of_a_request_are_bounded_by_characters():
    texts = ["a" * 5000] * 3 + [""] * 40
    assert [len(answers._part(texts, start)) for start in (0, 2, 3, 40)] == [1, 14 + 2, 16, 3]


def test_a_line_has_its_limit(serving):
    client = serving(line_bytes=200)()
    assert client.ask(b'{"text": "' + b"a" * 188 + b'"}\n')["predicted"]
    client.send(b"a" * 201)
    assert client.read()["error"] == {
        "code": "too-large",
        "message": "a request has at most 200 bytes",
    }
    assert client.read() is None


def memory(process, name):
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) >> 10
    return 0


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="tells of memory")
@pytest.mark.slow
def test_long_lines_of_many_clients_take_little_memory(bundle, tmp_path):
    path = str(tmp_path / "socket")
    ids = b'{"id":[' + b"{}," * 330_000 + b'{}],"texts":["ice"]}\n'
    halves = b'{"text":"' + b"a" * 900_000
    answer = {"texts": ["ice melts"] * 1000}
    with started(bundle, "--socket", path, where=path) as service, ExitStack() as stack:
        before = memory(service.process, "VmRSS")
        clients = [stack.enter_context(service.client()) for _ in range(100)]
        threads = []
        for at, client in enumerate(clients):
            client.link.settimeout(5)
            sent = (ids, halves, answer)[at % 3]
            threads.append(threading.Thread(target=sends, args=(client, sent)))
            threads[-1].start()
        with service.client() as other:
            for _ in range(20):
                began = time.monotonic()
                assert other.ask({"text": TEXT})["predicted"]
                assert time.monotonic() - began < 10
                time.sleep(0.1)
        for thread in threads:
            thread.join()
        assert memory(service.process, "VmHWM") - before < 120


def sends(client, what):
    with suppress(OSError):  # nobody reads on
        client.send(what)


# Time.


def test_a_byte_now_and_then_does_not_keep_a_connection(serving):
    client = serving(line_seconds=0.4)()
    began = time.monotonic()
    with pytest.raises(OSError):
        for _ in range(100):
            client.send(b" ")
            time.sleep(0.05)
    assert time.monotonic() - began < 4


def test_whoever_takes_an_answer_byte_by_byte_is_closed(serving):
    client = serving(answer_seconds=0.5)()
    client.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(100):  # far more than fits between them
        sends(client, {"texts": [""] * 1000})
    received = 0
    began = time.monotonic()
    try:
        while client.link.recv(1):
            received += 1
            time.sleep(0.01)
            assert time.monotonic() - began < 20
            if time.monotonic() - began > 2:  # the rest of what is between them
                while client.link.recv(1 << 16):
                    pass
                break
    except ConnectionError:
        pass
    with pytest.raises(OSError):
        for _ in range(10):
            client.send({"text": ""})


def test_short_requests_are_served_between_those_of_a_crowd(serving):
    connect = serving()
    crowd = [connect() for _ in range(20)]
    texts = [" ".join(f"w{at:x}" for at in range(12_000))] * 10
    for one in crowd:
        threading.Thread(target=sends, args=(one, {"texts": texts}), daemon=True).start()
    time.sleep(0.5)
    short = connect()
    slowest = 0.0
    for _ in range(5):
        began = time.monotonic()
        assert short.ask({"text": TEXT})["predicted"]
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 5
    for one in crowd:
        one.close()


# Places.


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


def test_an_idle_connection_gives_way(serving, monkeypatch):
    monkeypatch.setattr(server, "_GIVES_WAY", 0.2)
    connect = serving(connections=2)
    idle, half = connect(), connect()
    assert idle.ask({"text": TEXT})["predicted"]
    half.send(b'{"text"')
    time.sleep(0.4)
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
    assert places(256, None)[0] == places(256, 1024)[0] == 256
    for allowed in (10, 64, 100, 300, 1024):
        served, refused = places(256, allowed)
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
        one = door.Door(listener, said.append, b"why\n")
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
            client.settimeout(5)
            assert client.recv(100) == b"why\n"
        one.close()


# What is no request.


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"POST / HTTP/1.1\r", "HTTP"),
        (b"GET /a?b={} HTTP/1.0", "HTTP"),
        (b"x-~! http://a/ HTTP/1.1\r", "HTTP"),
        (b"PRI * HTTP/2.0\r", "HTTP"),
        (b"\x16\x03\x01\x02\x00", "TLS"),
        (b"", ""),
        (b'{"text": "POST / HTTP/1.1"}', ""),
        (b'{"text": "a"} / HTTP/1.1', ""),
    ],
)
def test_other_protocols_are_known_by_their_first_line(line, name):
    assert other_protocol(line) == name


def test_a_browser_is_refused_at_its_first_line(serving):
    connect = serving()
    body = b'{"text": "a"}\n{"op": "status"}\n'
    headers = b"Host: localhost\r\nContent-Type: text/plain\r\n\r\n"
    for first in (b"POST / HTTP/1.1\r\n", b'{"id": 1, "text": ""}\nPUT /x HTTP/1.1\r\n'):
        client = connect()
        client.send(first + headers + body * 50)
        told = [*iter(client.read, None)]
        assert [one.get("id") for one in told] == ([1, None] if b"id" in first else [None])
        assert told[-1]["error"]["code"] == "protocol"
        assert "HTTP" in told[-1]["error"]["message"]


# The socket's place.


def test_what_is_not_ours_is_not_replaced_by_a_socket(tmp_path, monkeypatch):
    file, link, there = tmp_path / "file", tmp_path / "link", tmp_path / "there"
    file.write_text("precious")
    link.symlink_to(tmp_path / "elsewhere")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(there))
    for path, words in ((file, "not a socket"), (link, "is a link"), (tmp_path, "not a socket")):
        with pytest.raises(InputError, match=words), unix_listener(path):
            pass
    to_left = tmp_path / "to"
    to_left.symlink_to(there)
    with pytest.raises(InputError, match="is a link"), unix_listener(to_left):
        pass
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(InputError, match="another user's socket"), unix_listener(there):
        pass
    assert file.read_text() == "precious"
    assert there.is_socket()
    assert link.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_of_many_that_start_at_once_one_listens(tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    program = (
        "import sys; from pathlib import Path\n"
        "from kd_edge_runtime.serve.listeners import unix_listener\n"
        "from kd_edge_runtime.errors import InputError\n"
        "try:\n"
        "    with unix_listener(Path(sys.argv[1])): print('listens', flush=True); input()\n"
        "except InputError as error: print(error, flush=True)\n"
    )
    many = [
        subprocess.Popen([sys.executable, "-c", program, path], stdin=-1, stdout=-1, text=True)
        for _ in range(6)
    ]
    lines = [one.stdout.readline().strip() for one in many]
    assert lines.count("listens") == 1
    with Client(str(path)):
        pass
    for one in many:
        one.communicate("\n")
    assert not path.exists()


def test_a_folder_that_anybody_may_write_into_is_named(tmp_path):
    tmp_path.chmod(0o755)
    shared = tmp_path / "shared"
    shared.mkdir()
    assert replaceable_by_others(shared / "socket") == ""
    shared.chmod(0o1777)
    assert replaceable_by_others(shared / "socket") == ""
    shared.chmod(0o777)
    assert f"'{shared}'" in replaceable_by_others(shared / "socket")
    (shared / "inner").mkdir(mode=0o700)
    assert f"'{shared}'" in replaceable_by_others(shared / "inner" / "socket")
