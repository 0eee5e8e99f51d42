"""Clients of `kd-edge serve` that take what is not theirs: memory, time, places, descriptors."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.serve import answers
from kd_edge_runtime.serve.other_protocols import other_protocol
from services import started

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Unix sockets and signals")

TEXT = "The ice melts since the room is warmer than the ice."


@pytest.mark.parametrize("option", ["--line-seconds", "--idle-seconds"])
@pytest.mark.parametrize("value", ["nan", "inf", "0"])
def test_a_limit_is_a_number(tmp_path, option, value):
    # A bundle that is not there: a service that takes the limit ends too, with another reason.
    done = CliRunner().invoke(cli, ["serve", str(tmp_path / "x"), "--port", "0", option, value])
    assert done.exit_code == 2
    assert f"Invalid value for '{option}'" in done.output


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
                assert time.monotonic() - began < 60
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
    with pytest.raises(OSError):
        for _ in range(100):  # for several times as long, in any case
            client.send(b" ")
            time.sleep(0.05)


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
    sending = [threading.Thread(target=sends, args=(one, {"texts": texts})) for one in crowd]
    for one in sending:
        one.start()
    try:
        time.sleep(0.5)
        short = connect()
        slowest = 0.0
        for _ in range(5):
            began = time.monotonic()
            assert short.ask({"text": TEXT})["predicted"]
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 5
    finally:
        for one in crowd:
            with suppress(OSError):
                one.link.shutdown(socket.SHUT_RDWR)
        for one in sending:
            one.join()


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
