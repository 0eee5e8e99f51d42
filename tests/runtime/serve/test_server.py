"""`kd-edge serve`: a real process, real sockets, and clients of all kinds."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import bundles_made
import seconds_made
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.serve import connection, server
from kd_edge_runtime.serve.limits import Limits
from kd_edge_runtime.serve.other_protocols import other_protocol
from kd_edge_runtime.serve.server import Server
from kd_edge_runtime.slots import switch
from kd_edge_runtime.slots.slots import Slots
from services import PATIENCE, Client, started
from usual import USUAL

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Unix sockets and signals")

CANARY = "canarybird"
MAX_LINE, MAX_TEXTS, MAX_TEXT = Limits().line_bytes, Limits().texts, Limits().text_chars
TEXT = "The ice melts since the room is warmer than the ice."


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serve")
    bundles_made.write(folder / "one.kdz")
    bundles_made.write(folder / "two.kdz", bundles_made.two_items())
    return folder


@pytest.fixture(scope="module")
def shared(made):
    """One service with two items for all tests that leave it as it is."""
    path = made / "shared"
    with started(made / "two.kdz", "--socket", path, where=str(path)) as service:
        yield service
        code, said = service.end()
        assert (code, said) == (0, "")
        assert not path.exists()


@pytest.fixture
def client(shared):
    with shared.client() as client:
        yield client


@pytest.fixture(scope="module")
def scorer(made):
    with Scorer.open(made / "two.kdz") as scorer:
        for item in ("stove", "spoon"):
            scorer.score("", item)
        yield scorer


def told(score, classes):
    return {
        "predicted": score.predicted,
        "expected": round(score.expected, 4),
        "confidence": round(score.confidence, 4),
        "flag": score.flag,
        "p": {
            name: round(share, 6) for name, share in zip(classes, score.probabilities, strict=True)
        },
    }


# What it answers.


def test_a_response(client, scorer):
    for item, classes in (("stove", bundles_made.SCORES), ("spoon", bundles_made.WORDS)):
        answer = client.ask({"id": 7, "item": item, "text": TEXT})
        assert answer == {"id": 7, **told(scorer.score(TEXT, item), classes)}
        assert [*answer] == ["id", "predicted", "expected", "confidence", "flag", "p"]
    assert client.ask({"text": "?!", "item": "stove"})["flag"] == "empty"


def test_several_responses(client, scorer):
    texts = [TEXT, "", "the lid", "größe 水 🙂\n\r\u2028\0", "\ud800"] * 20
    answer = client.ask({"id": "a", "item": "stove", "texts": texts})
    wanted = scorer.score_many(texts, "stove")
    assert answer == {"id": "a", "scores": [told(one, bundles_made.SCORES) for one in wanted]}
    assert client.ask({"item": "stove", "texts": []}) == {"id": None, "scores": []}


@pytest.mark.parametrize("request_id", [0, -1.5, "x", "\ud800", None, True, [1, {"a": []}], {}])
def test_the_id_comes_back(client, request_id):
    assert client.ask({"id": request_id, "text": "", "item": "stove"})["id"] == request_id


def test_the_status(client):
    status = client.ask({"id": 1, "op": "status"})
    assert status["id"] == 1
    assert status["bundle"] == "two.kdz"
    assert status["created"] == bundles_made.CREATED
    assert status["items"]["spoon"] == {"classes": [*bundles_made.WORDS], "backend": USUAL}
    assert [*status["items"]] == ["stove", "spoon"]
    assert status["connections"] >= 1


def test_requests_may_be_sent_ahead(client, scorer):
    texts = [" ".join(TEXT.split()[:at]) for at in range(11)] * 30
    lines = [{"id": at, "item": "stove", "text": text} for at, text in enumerate(texts)]
    writing = threading.Thread(target=client.send, args=lines)
    writing.start()
    for at, score in enumerate(scorer.score_many(texts, "stove")):
        assert client.read() == {"id": at, **told(score, bundles_made.SCORES)}
    writing.join()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "json"),
        (b"no", "json"),
        (b'{"text": "' + CANARY.encode(), "json"),
        (b'{"text": "\xff"}', "json"),
        ('{"op": "status"}'.encode("utf-16-be") + b"\0", "json"),
        (b"[" * 100_000, "json"),
        (b'{"id": ' + b"[" * 900 + b"]" * 900 + b"}", "request"),
        (b'{"id": NaN, "text": "a"}', "json"),
        (b'{"id": 1e999, "text": "a"}', "json"),
        (b"9" * 100_000, "json"),
        (b"[]", "request"),
        (b'"text"', "request"),
        (b"null", "request"),
        (b"{}", "request"),
        (b'{"text": 1}', "request"),
        (b'{"text": null}', "request"),
        (b'{"text": "canarybird", "texts": []}', "request"),
        (b'{"text": "canarybird", "canarybird": 1}', "request"),
        (b'{"texts": "canarybird"}', "request"),
        (b'{"texts": ["canarybird", 1]}', "request"),
        (b'{"texts": {"canarybird": 1}}', "request"),
        (b'{"op": "canarybird"}', "request"),
        (b'{"op": "status", "text": "canarybird"}', "request"),
        (b'{"item": 1, "text": "canarybird"}', "request"),
        (b'{"text": "canarybird"}', "item"),
        (b'{"text": "canarybird", "item": null}', "item"),
        (b'{"text": "canarybird", "item": "lid"}', "item"),
    ],
)
def test_what_is_no_request(client, line, code):
    answer = client.ask(line + b"\n")
    assert set(answer) == {"id", "error"}
    assert answer["error"]["code"] == code
    assert CANARY not in json.dumps(answer)
    assert client.ask({"id": 2, "text": TEXT, "item": "stove"})["id"] == 2


def test_an_error_has_its_requests_id(client):
    assert client.ask({"id": 5, "text": 5})["id"] == 5
    assert client.ask({"id": 5, "text": "", "item": "lid"})["id"] == 5


def test_too_many_responses(client):
    most = client.ask({"item": "stove", "texts": [""] * MAX_TEXTS})
    assert len(most["scores"]) == MAX_TEXTS
    more = client.ask({"item": "stove", "texts": [""] * (MAX_TEXTS + 1)})
    assert more["error"]["code"] == "request"
    assert str(MAX_TEXTS) in more["error"]["message"]


def test_the_longest_line(client):
    start, end = b'{"item": "stove", "texts": ["' + b'a","a' * 900 + b'"]', b"}\n"
    longest = start + b" " * (MAX_LINE + 1 - len(start) - len(end)) + end
    client.send(longest)
    assert len(client.read()["scores"]) == 901
    client.send(longest[:-1] + b" \n")
    assert client.read()["error"]["code"] == "too-large"
    assert client.read() is None


@pytest.mark.parametrize("port", [False, True])
def test_a_line_that_is_far_too_long(made, shared, port):
    # Refused while it is still being sent: the answer is there for whoever looks.
    with started(made / "one.kdz", "--port", 0) if port else nothing(shared) as service:
        with service.client() as client:
            sending = threading.Thread(target=send_all, args=(client, b"a" * (8 * MAX_LINE)))
            sending.start()
            assert client.read()["error"]["code"] == "too-large"
            assert client.read() is None
            sending.join()
        with service.client() as client:
            assert client.ask({"op": "status"})["runtime"]


@contextmanager
def nothing(service):
    yield service


def send_all(client, data):
    try:
        client.send(data)
        client.link.shutdown(socket.SHUT_WR)
    except OSError:
        pass


# Whatever clients do, others are served, and get their own answers.


def asks(service, number, requests, failures):
    try:
        with service.client() as client:
            for at in range(requests):
                texts = [f"{TEXT} {number} {at}"] * (1 if at % 5 else 40)
                answer = client.ask({"id": [number, at], "item": "stove", "texts": texts})
                assert answer["id"] == [number, at]
                assert len(answer["scores"]) == len(texts)
    except Exception as error:
        failures.append(error)


def test_many_at_once(shared):
    failures = []
    threads = [
        threading.Thread(target=asks, args=(shared, number, 20, failures)) for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_half_a_request_and_away(shared):
    for data in (b"", b'{"text": "a', b'{"item": "stove", "text": "the ice"}'):
        with shared.client() as client:
            client.send(data)
    with shared.client() as client:
        client.send(b'{"item": "stove", "text": "the ice"}')
        client.link.shutdown(socket.SHUT_WR)
        assert client.read() is None


def test_away_before_the_answer(shared, client):
    for _ in range(20):
        with shared.client() as other:
            other.send({"item": "stove", "texts": [TEXT] * 200})
    assert client.ask({"item": "stove", "text": TEXT})["predicted"]


def test_a_slow_reader_holds_up_nobody(shared, client):
    with shared.client() as slow:
        slow.link.settimeout(0.3)
        with pytest.raises(TimeoutError):
            for number in range(100_000):  # until the sockets between them are full
                slow.send({"id": number, "item": "stove", "texts": [""] * 500})
        assert client.ask({"item": "stove", "text": TEXT})["predicted"]
        slow.link.settimeout(PATIENCE)
        assert slow.read()["id"] == 0


def test_too_many_connections(serving, monkeypatch):
    monkeypatch.setattr(server, "_GIVES_WAY", float("inf"))  # however long the crowd takes
    most = 8
    connect = serving(connections=most)
    clients = [connect() for _ in range(most)]
    for client in clients:
        assert client.ask({"text": TEXT})["predicted"]
    with connect() as more:
        answer = more.read()
        assert answer["error"]["code"] == "busy"
        assert more.read() is None
    for client in clients:
        assert client.ask({"text": TEXT})["predicted"]
    # All are told why; few have the time to go on sending.
    crowd = [connect() for _ in range(100)]
    assert {one.read()["error"]["code"] for one in crowd} == {"busy"}
    for one in crowd:
        one.close()
    clients.pop().close()
    for _ in range(100):
        with connect() as another:
            # While some of the crowd are still being told why, it is refused and closed at
            # once, perhaps before it has sent anything; it reads why all the same.
            with suppress(BrokenPipeError):
                another.send({"text": TEXT})
            answer = another.read()
        if "predicted" in answer:
            break
        time.sleep(0.05)
    assert "predicted" in answer


REQUESTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "text", "texts", "op", "item", "x"]), inner)
    ),
    max_leaves=10,
)


@given(
    st.lists(st.binary() | REQUESTS.map(lambda one: json.dumps(one).encode() + b"\n"), max_size=5),
    st.booleans(),
)
@settings(max_examples=150)
@example([b"\n" * 1000], True)
@example([b"\0" * 70_000, b"\n"], True)
@example([b"\n\x16\x03\n\n\n"], True)
def test_whatever_comes_the_next_is_served(shared, client_for_all, scorer, pieces, polite):
    with shared.client() as wild:
        data = b"".join(pieces)
        wild.send(data)
        if polite:
            wild.link.shutdown(socket.SHUT_WR)
            answers = [*iter(wild.read, None)]
            lines = data.split(b"\n")[:-1]
            spoken = [*map(other_protocol, lines), "none"]
            others = next(at for at, name in enumerate(spoken) if name)
            assert len(answers) == min(len(lines), others + 1), "it is refused at such a line"
            assert all(
                ("error" in one) != bool({"predicted", "scores", "runtime"} & set(one))
                for one in answers
            )
    wanted = told(scorer.score(TEXT, "spoon"), bundles_made.WORDS)
    assert client_for_all.ask({"id": TEXT, "text": TEXT, "item": "spoon"}) == {"id": TEXT, **wanted}


@pytest.fixture(scope="module")
def client_for_all(shared):
    with shared.client() as client:
        yield client


# Starting and stopping.


def test_one_line_at_the_start(made, tmp_path):
    path = tmp_path / "socket"
    with started(made / "one.kdz", "--socket", path, where=str(path)) as service:
        assert service.first == f"kd-edge serve: one.kdz, items: 1, with {USUAL}, on {path}\n"
        assert oct(path.stat().st_mode & 0o777) == "0o660"
        with service.client() as client:
            client.ask({"text": CANARY})
            client.ask(CANARY.encode() + b"\n")
            client.send({"texts": [CANARY] * MAX_TEXTS})
            # It is heard when the answer begins to come.
            assert client.link.recv(1, socket.MSG_PEEK) == b"{"
            code, said = service.end(signal.SIGINT)
            assert (code, said) == (0, "")
            assert len(client.read()["scores"]) == MAX_TEXTS
            assert client.read() is None
    assert not path.exists()


def test_a_port(made):
    with started(made / "one.kdz", "--port", 0) as service:
        assert "127.0.0.1 port " in service.first
        with service.client() as client:
            for at in range(50):
                client.send({"id": at, "text": TEXT})
            assert [client.read()["id"] for _ in range(50)] == [*range(50)]
        with started(made / "one.kdz", "--port", service.where[1], where="none") as other:
            assert other.first.startswith("Error: cannot listen on 127.0.0.1 port ")
            assert other.process.wait(PATIENCE) == 2
        # After a crash the port is free at once.
        with service.client() as client:
            client.ask({"op": "status"})
            service.end(signal.SIGKILL)
            with started(made / "one.kdz", "--port", service.where[1]) as again:
                assert again.first.startswith("kd-edge serve: ")


def test_killed_and_started_again(made, tmp_path):
    path = tmp_path / "socket"
    for _ in range(2):
        with started(made / "one.kdz", "--socket", path, where=str(path)) as service:
            with service.client() as client:
                assert client.ask({"text": TEXT})["predicted"]
            service.end(signal.SIGKILL)
        assert path.exists()
    with started(made / "one.kdz", "--socket", path, where=str(path)) as service:
        # A socket in use is not taken away.
        with started(made / "one.kdz", "--socket", path, where=str(path)) as other:
            assert other.first == f"Error: another service is listening on '{path}'\n"
            assert other.process.wait(PATIENCE) == 2
        with service.client() as client:
            assert client.ask({"text": TEXT})["predicted"]
        # Nor is another's, put in its place, at the end.
        path.unlink()
        path.write_text("another's")
        service.end()
        assert path.read_text() == "another's"


def refused(*arguments):
    with pytest.raises(InputError) as caught:
        cli.main(["serve", *map(str, arguments)], standalone_mode=False)
    return str(caught.value)


def test_where_it_does_not_listen(made, tmp_path):
    bundle = made / "one.kdz"
    assert "--socket PATH or --port N" in refused(bundle)
    assert "--socket PATH or --port N" in refused(bundle, "--socket", "a", "--port", 1)
    for host in ("0.0.0.0", "192.0.2.1", "::", "2001:db8::1"):
        assert "add --anyone" in refused(bundle, "--port", 0, "--host", host)
    assert "such as 127.0.0.1" in refused(bundle, "--port", 0, "--host", "localhost")
    assert "cannot listen on 192.0.2.1 port 0 (" in refused(
        bundle, "--port", 0, "--host", "192.0.2.1", "--anyone"
    )
    assert "cannot listen on" in refused(bundle, "--socket", tmp_path / "none" / "socket")
    assert "cannot listen on" in refused(bundle, "--socket", tmp_path / ("a" * 200))
    (tmp_path / "file").write_text("mine")
    assert "is not a socket" in refused(bundle, "--socket", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
    assert "not both" in refused(bundle, "--root", tmp_path, "--port", 0)
    assert "no such file" in refused(tmp_path / "none.kdz", "--port", 0)
    assert "nothing is installed" in refused("--root", tmp_path, "--port", 0)


def test_anyone(made):
    with started(made / "one.kdz", "--port", 0, "--host", "0.0.0.0", "--anyone") as service:
        assert "on 0.0.0.0 port" in service.first
        with service.client() as client:
            assert client.ask({"text": TEXT})["predicted"]


# A new bundle.


def until(service, bundle):
    """Asks until a bundle is in use; every answer on the way is one."""
    with service.client() as client:
        for _ in range(20 * PATIENCE):
            status = client.ask({"op": "status"})
            if status["bundle"] == bundle or bundle in status["items"]:
                return
            assert client.ask({"item": "stove", "text": TEXT})["predicted"]
            time.sleep(0.05)
    pytest.fail("it is never used")


def test_what_is_installed_is_used(made, tmp_path):
    slots = Slots(tmp_path / "root")
    switch.install(slots, made / "one.kdz")
    path = str(tmp_path / "socket")
    with started("--root", slots.root, "--socket", path, where=path) as service:
        until(service, "slot1.kdz")
        # Each is in use a moment before it is said to be.
        switch.install(slots, made / "two.kdz")
        until(service, "slot2.kdz")
        assert service.process.stderr.readline().startswith("kd-edge serve: now slot2.kdz,")
        switch.rollback(slots)
        until(service, "slot1.kdz")
        assert service.process.stderr.readline().startswith("kd-edge serve: now slot1.kdz,")
        assert service.end() == (0, "")


def test_a_bundle_that_is_replaced(made, tmp_path):
    bundle, path = tmp_path / "item.kdz", str(tmp_path / "socket")
    shutil.copy(made / "one.kdz", bundle)
    with started(bundle, "--socket", path, where=path) as service:
        # Whole, at once: of a file that is still being written it would tell each state.
        (tmp_path / "new").write_bytes(b"damaged")
        (tmp_path / "new").replace(bundle)
        kept = "kd-edge serve: keeping the bundle in use: "
        assert service.process.stderr.readline().startswith(kept)
        bundle.unlink()
        assert service.process.stderr.readline().startswith(f"{kept}{bundle}: no such file (")
        with service.client() as client:
            assert client.ask({"text": TEXT})["predicted"]
        shutil.copy(made / "two.kdz", tmp_path / "new")
        (tmp_path / "new").replace(bundle)
        until(service, "spoon")
        now = f"kd-edge serve: now item.kdz, items: 2, with {USUAL}\n"
        assert service.process.stderr.readline() == now
        assert service.end() == (0, "")


# Within this process, where times can be set.


@pytest.fixture
def within(made):
    """Starts a server in this process; it is `server`, and runs in `thread`."""
    running = []

    class Within:
        def __init__(self, kind=Scorer, **options):
            self.listener = socket.socket()
            self.listener.bind(("127.0.0.1", 0))
            self.listener.listen()
            self.where = self.listener.getsockname()
            load = lambda: kind.open(made / "one.kdz")  # noqa: E731
            self.server = Server(self.listener, load, int, pytest.fail, **options)
            self.thread = threading.Thread(target=self.server.run)
            self.thread.start()
            running.append(self)

        def client(self):
            return Client(self.where)

    yield Within
    for one in running:
        one.server.stopping = True
        one.thread.join()
        one.listener.close()


class Held(Scorer):
    """A scorer that waits for a word in the middle of a response with a 7."""

    begun, go_on = threading.Event(), threading.Event()

    def score_many(self, texts, item_id=None):
        if "7" in texts:
            self.begun.set()
            assert self.go_on.wait(PATIENCE)
        return super().score_many(texts, item_id)


def test_a_stop_lets_what_has_been_asked_be_answered(within):
    one = within(Held)
    with one.client() as busy, one.client() as idle, one.client() as half:
        for client in (idle, half):
            assert client.ask({"text": TEXT})["predicted"]
        half.send(b'{"text": "a')
        busy.send({"id": 1, "texts": ["7"]}, {"id": 2, "text": TEXT}, b'{"text": "a')
        assert Held.begun.wait(PATIENCE)
        with one.client() as late:  # in the middle of a request, but before the stop
            late.send({"id": 3, "text": TEXT})
            one.server.stopping = True
            Held.go_on.set()
            assert [busy.read()["id"], busy.read()["id"]] == [1, 2]
            assert late.read()["id"] == 3
            assert [client.read() for client in (busy, idle, half, late)] == [None] * 4
    one.thread.join(PATIENCE)
    assert not one.thread.is_alive()
    with socket.socket() as after:
        assert after.connect_ex(one.where)


class OneByOne(Scorer):
    """A scorer that waits for leave before each part of a long request."""

    leave = threading.Semaphore(0)

    def score_many(self, texts, item_id=None):
        if len(texts) > 1:
            assert self.leave.acquire(timeout=PATIENCE)
        return super().score_many(texts, item_id)


def test_a_long_request_holds_up_nobody(within, monkeypatch):
    monkeypatch.setattr(server, "_LONG_TURN", 0.0)  # a part is a turn, however fast it is scored
    one = within(OneByOne)
    with one.client() as long, one.client() as short:
        long.send({"texts": [TEXT] * 16 * 5})
        for _ in range(4):
            short.send({"text": TEXT})
            OneByOne.leave.release()
            assert short.read()["predicted"], "between two parts of the long request"
        OneByOne.leave.release()
        assert len(long.read()["scores"]) == 80


class Broken(Scorer):
    """A scorer that fails, and says of what."""

    def score_many(self, texts, item_id=None):
        if CANARY in texts:
            raise ValueError(CANARY)
        return super().score_many(texts, item_id)


def test_a_fault_is_told_and_survived(within):
    with within(Broken).client() as client:
        answer = client.ask({"id": 1, "text": CANARY})
        assert answer["error"]["code"] == "failed"
        assert "ValueError" in answer["error"]["message"]
        assert CANARY not in json.dumps(answer)
        assert client.ask({"text": TEXT})["predicted"]


def test_a_stop_does_not_wait_for_ever(within):
    one = within(limits=Limits(stop_seconds=0.2))
    with one.client() as slow:
        slow.link.settimeout(0.3)
        with pytest.raises(TimeoutError):
            while True:
                slow.send({"texts": [""] * 500})
        one.server.stopping = True
        one.thread.join(PATIENCE)
        assert not one.thread.is_alive()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="shows what is open")
def test_the_bundle_is_not_kept_open(shared):
    folder = Path(f"/proc/{shared.process.pid}/fd")
    opened = [os.fspath(number.resolve()) for number in folder.iterdir()]
    assert opened
    assert not [name for name in opened if name.endswith(".kdz")]


def test_an_idle_connection_is_closed(within, clock):
    one = within(limits=Limits(idle_seconds=4000, line_seconds=2000))
    with one.client() as idle, one.client() as half:
        assert half.ask({"text": TEXT})["predicted"]  # it has been let in
        half.send(b'{"text"')
        assert idle.ask({"text": TEXT})["predicted"]  # and what was sent before has come
        clock.ahead += 3000
        assert half.read() is None
        assert idle.ask({"text": TEXT})["predicted"]
        with one.client() as another:  # an answer may be read before the server goes on
            assert another.ask({"text": TEXT})["predicted"]
        clock.ahead += 5000
        assert idle.read() is None


def test_whoever_is_refused_hears_why_and_that_this_is_all(within, monkeypatch):
    monkeypatch.setattr(connection, "_LINGER", 60)
    with within().client() as client:
        client.send(b"a" * (8 * MAX_LINE))
        assert client.read()["error"]["code"] == "too-large"
        assert client.read() is None
        client.send(b"a")


def test_two_students_of_an_item(tmp_path):
    bundle = tmp_path / "two.kdz"
    bundles_made.write(bundle, [seconds_made.item(below=1.0), bundles_made.two_items()[1]])
    path = tmp_path / "socket"
    with Scorer.open(bundle) as scorer:
        wanted = scorer.score(TEXT, "stove")
    with started(bundle, "--socket", path, where=str(path)) as service:
        assert "items: 2, with " in service.first
        assert "; second models with onnx, on " in service.first
        with service.client() as client:
            items = client.ask({"op": "status"})["items"]
            assert items["stove"]["second"] == "onnx"
            assert "second" not in items["spoon"]
            found = client.ask({"text": TEXT, "item": "stove"})
            assert found["predicted"] == wanted.predicted
            assert found["confidence"] == round(wanted.confidence, 4)
    with started(bundle, "--first-only", "--socket", path, where=str(path)) as service:
        assert "; second models not in use: it is switched off, on " in service.first
        with service.client() as client:
            assert client.ask({"op": "status"})["items"]["stove"]["second"] is None


@pytest.mark.parametrize("what", seconds_made.USELESS)
def test_a_second_student_that_is_of_no_use(tmp_path, what):
    bundle, path = tmp_path / "two.kdz", tmp_path / "socket"
    bundles_made.write(bundle, [seconds_made.useless(what)])
    with Scorer.open(bundle, first_only=True) as scorer:
        wanted = scorer.score(TEXT)
    with started(bundle, "--socket", path, where=str(path)) as service:
        assert "; second models not in use: " in service.first
        assert seconds_made.USELESS[what][1] in service.first
        with service.client() as client:
            assert client.ask({"op": "status"})["items"]["stove"]["second"] is None
            assert client.ask({"text": TEXT})["confidence"] == round(wanted.confidence, 4)


def test_the_counters(serving):
    connect = serving()
    client = connect()
    connect().ask(b"GET /metrics HTTP/1.1\n")  # which is closed
    client.ask({"texts": [TEXT, ""]})
    client.ask({"text": 'canary"bird'})
    client.ask({"op": "canarybird"})
    text = client.ask({"id": 7, "op": "metrics"})["metrics"]
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    responses = {name: int(n) for name, n in lines.items() if name.startswith("kd_edge_responses")}
    assert sum(responses.values()) == 3 and any('flag="empty"' in name for name in responses)
    assert lines['kd_edge_confidence_bucket{item="stove",le="+Inf"}'] == "3"
    assert lines['kd_edge_confidence_count{item="stove"}'] == "3"
    assert lines['kd_edge_errors_total{code="request"}'] == "1"
    assert lines['kd_edge_errors_total{code="protocol"}'] == "1"
    assert lines["kd_edge_connections"] == "1"
    assert text.endswith("\n") and "canary" not in text
