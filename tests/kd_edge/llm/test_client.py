"""Requests that are not answered at once, or never, and what is said of it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest

from fake_llm import FakeLlm, Reaction, served
from kd_edge.llm import client as clients
from kd_edge.llm.client import Client, ServerError
from kd_edge.llm.endpoint import parse_endpoint
from kd_edge.llm.pace import HaltedError, Pace, backoff, retry_after

KEY = "sk-verysecret"
BODY = {"model": "m", "messages": [{"role": "user", "content": "<response>\nice\n</response>"}]}
PAGE = b"<!DOCTYPE html><html>Welcome to ice</html>"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(clients, "FIRST_WAIT_S", 0.001)


def post(url, timeout_s=20.0, tries=8, pace=None):
    with Client(parse_endpoint(url), KEY, pace or Pace(), timeout_s) as client:
        return client.post("/chat/completions", BODY, tries)


def once(reaction):
    """A server that reacts so to the first request, and answers the second."""
    return FakeLlm(react=lambda _, number: reaction if number == 0 else None)


def always(reaction):
    return FakeLlm(react=lambda *_: reaction)


@pytest.mark.parametrize(
    "reaction",
    [
        *(Reaction(status) for status in (408, 429, 500, 502, 503, 504, 529)),
        Reaction(200, b'{"choices": [{"mess'),
        Reaction(200, b""),
        Reaction(200, b"busy"),
    ],
    ids=lambda reaction: f"{reaction.status}-{len(reaction.body)}",
)
def test_what_passes_is_tried_again(reaction):
    with served(once(reaction)) as fake:
        assert post(fake.url)["choices"]
    assert len(fake.asked) == 2


def test_a_server_that_hangs_is_asked_again():
    with served(once(Reaction(200, b"{}", wait_s=60))) as fake:
        assert post(fake.url, timeout_s=0.5)["choices"]
    assert len(fake.asked) >= 2  # a busy machine may hang for a moment itself


def test_an_answer_in_drops_must_be_whole_in_time():
    def drip():
        # Whoever asks may leave at any time, even before the first byte.
        with suppress(OSError), listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            for _ in range(200):
                connection.sendall(b" ")
                time.sleep(0.02)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(ServerError, match="no answer within 0 seconds"):
            post(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.4, tries=1)
        thread.join()


def test_retry_after_is_waited_for():
    reaction = Reaction(429, headers={"Retry-After": "0.4"})
    started = time.monotonic()
    with served(once(reaction)) as fake:
        post(fake.url)
    assert time.monotonic() - started >= 0.4


def test_a_long_wait_is_left_to_the_user():
    fake = always(Reaction(429, headers={"Retry-After": "7200"}))
    with served(fake), pytest.raises(ServerError, match="asks to wait 120 minutes"):
        post(fake.url)
    assert len(fake.asked) == 1


@pytest.mark.parametrize(
    ("reaction", "message"),
    [
        (Reaction(500), r"did not answer 3 times, the last time: HTTP 500"),
        (Reaction(200, b"{"), "cut off"),
    ],
)
def test_tries_come_to_an_end(reaction, message):
    with served(always(reaction)) as fake, pytest.raises(ServerError, match=message) as raised:
        post(fake.url, tries=3)
    assert len(fake.asked) == 3
    assert "start the same command again" in str(raised.value)


@pytest.mark.parametrize(
    ("reaction", "message"),
    [
        (Reaction(401), "refuses the key"),
        (Reaction(403), "refuses the key"),
        (Reaction(400), "refuses the request .HTTP 400"),
        (Reaction(404), "refuses the request .HTTP 404"),
        (Reaction(200, PAGE), "a page for people"),
        (Reaction(200, b"[1, 2]"), "no JSON object"),
        (Reaction(200, b" " * (5 << 20)), "without end"),
    ],
    ids=lambda value: None if isinstance(value, Reaction) else value[:12],
)
def test_what_stays_is_not_tried_again(reaction, message):
    quoting = b'{"error": {"message": "no: ice sk-verysecret"}}'
    reaction.body = quoting if reaction.status != 200 else reaction.body
    with served(always(reaction)) as fake, pytest.raises(ServerError, match=message) as raised:
        post(fake.url)
    assert len(fake.asked) == 1
    assert "ice" not in str(raised.value)
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nothing_follows_a_redirect(status):
    with served() as other:
        to = {"Location": f"{other.url}/chat/completions"}
        fake, said = always(Reaction(status, headers=to)), "sends on to localhost:"
        with served(fake), pytest.raises(ServerError, match=said):
            post(fake.url)
    assert other.asked == []


def test_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(ServerError, match=f"nothing answers at localhost:{port}"):
        post(f"http://localhost:{port}/v1")
    assert time.monotonic() - started < 9, "as long as a connection may take to be made"


def test_a_server_that_goes_away_is_waited_for():
    with served() as fake:
        client = Client(parse_endpoint(fake.url), None, Pace(), 5)
        client.post("/chat/completions", BODY)
    with client, pytest.raises(ServerError, match="2 times, the last time: the connection"):
        client.post("/chat/completions", BODY, 2)


@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "all_proxy"])
def test_no_proxy_for_this_machine(monkeypatch, name):
    with served() as proxy, served() as fake:
        for written in (name, name.upper()):
            monkeypatch.setenv(written, proxy.url.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        post(fake.url)
    assert (len(proxy.asked), len(fake.asked)) == (0, 1)


def test_nothing_of_a_netrc_is_sent(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine localhost login me password hush\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with served() as fake, Client(parse_endpoint(fake.url), None, Pace(), 5) as client:
        client.post("/chat/completions", BODY)
    assert "Authorization" not in fake.headers[0]


def test_localhost_is_never_looked_up(monkeypatch):
    looked_up = []
    real = socket.getaddrinfo

    def spy(host, *more, **named):
        looked_up.append(host)
        return real(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", spy)
    with served() as fake:
        post(fake.url)
    assert fake.headers[0]["Host"] == fake.url.removeprefix("http://").removesuffix("/v1")
    assert {str(host) for host in looked_up} <= {"127.0.0.1", "::1"}


def test_the_key_is_sent():
    with served() as fake:
        post(fake.url)
    assert fake.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_requests_a_minute():
    pace = Pace(per_minute=600)
    started = time.monotonic()
    for _ in range(4):
        pace.take_turn()
    assert time.monotonic() - started >= 0.3


def test_a_halted_pace_lets_nothing_pass():
    pace = Pace()
    pace.hold(1000)
    pace.halt()
    with pytest.raises(HaltedError):
        pace.take_turn()


def test_waits_grow_and_are_bounded():
    assert [backoff(1) <= 1, 2 <= backoff(3) <= 4, 30 <= backoff(30) <= 60] == [True] * 3


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0.5", 0.5), (None, 0), ("", 0), ("soon", 0), ("-3", 0), ("nan", 0), ("inf", 1e6),
     ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)  # fmt: skip
def test_retry_after_in_any_form(value, seconds):
    assert retry_after(value) == seconds


def test_retry_after_a_date():
    assert retry_after("Wed, 21 Oct 2099 07:28:00 GMT") > 1e6
