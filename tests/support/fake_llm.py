"""A small server that speaks the protocol of language models, and errs on demand."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CREDIT = ("vinegar", "mass")


@dataclass
class Reaction:
    """What the server does in place of an answer."""

    status: int = 500
    body: bytes = b'{"error": {"message": "out of order"}}'
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0


def response_of(body: dict[str, Any]) -> str:
    """The response that a request asks about."""
    text = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
    return text.rpartition("<response>\n")[2].partition("\n</response>")[0]


def credited(text: str) -> str:
    """The score of a tiny item's response."""
    return str(sum(word in text.lower() for word in CREDIT))


@dataclass
class FakeLlm:
    """How the server behaves, and what it was asked.

    Attributes:
        chat: whether it knows chats.
        completions: whether it knows completions.
        logprobs: whether it gives log-probabilities.
        most_top: for how many tokens at most; more are refused.
        say: the answer to a response, and how often it was asked about before.
        react: what it does instead; None to answer.
        asked: the bodies of the requests, in their order.
        headers: their headers.
    """

    chat: bool = True
    completions: bool = True
    logprobs: bool = True
    most_top: int = 20
    say: Callable[[str, int], str] = lambda text, _: credited(text)
    react: Callable[[dict[str, Any], int], Reaction | None] = lambda *_: None
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    _lock: Any = field(default_factory=threading.Lock)

    @property
    def responses(self) -> list[str]:
        """The responses that were asked about, each time; without the neutral one."""
        found = map(response_of, self.asked)
        return [text for text in found if text != "I do not know."]

    def answer(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Reaction:
        with self._lock:
            number = len(self.asked)
            before = sum(response_of(one) == response_of(body) for one in self.asked)
            self.asked.append(body)
            self.headers.append(headers)
        reaction = self.react(body, number)
        if reaction is not None:
            return reaction
        knows = {"/v1/chat/completions": self.chat, "/v1/completions": self.completions}
        if not knows.get(path):
            return Reaction(404, b'{"detail": "Not Found"}')
        if body.get("top_logprobs", body.get("logprobs", 0)) > self.most_top:
            return Reaction(400, b'{"error": {"message": "top_logprobs is too large"}}')
        said = self.say(response_of(body), before)
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
        if "messages" in body:
            choice["message"] = {"role": "assistant", "content": said}
        else:
            choice["text"] = f" {said}"
        if self.logprobs and body.get("logprobs"):
            choice["logprobs"] = _logprobs(said, "messages" in body)
        answer = {
            "model": f"{body['model']}-served",
            "choices": [choice],
            "usage": {"prompt_tokens": 100, "completion_tokens": 1},
        }
        return Reaction(200, json.dumps(answer).encode())


def _logprobs(said: str, chat: bool) -> dict[str, Any]:
    """The token that was said has 0.8, the other scores 0.05 each."""
    others = [name for name in "012" if name != said]
    tops = {said: math.log(0.8), **{f" {name}": math.log(0.05) for name in others}}
    if not chat:
        return {"tokens": [said], "token_logprobs": [math.log(0.8)], "top_logprobs": [tops]}
    listed = [{"token": token, "logprob": log} for token, log in tops.items()]
    return {"content": [{"token": said, "logprob": math.log(0.8), "top_logprobs": listed}]}


@contextmanager
def served(fake: FakeLlm | None = None) -> Iterator[FakeLlm]:
    """Serves on a free port of this machine; `url` is the API's address."""
    fake = fake or FakeLlm()
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reaction = fake.answer(self.path, dict(self.headers), body)
            end = time.monotonic() + reaction.wait_s
            while time.monotonic() < end and not closing.wait(0.01):
                pass
            try:
                self.send_response(reaction.status)
                for name, value in reaction.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reaction.body)))
                self.end_headers()
                self.wfile.write(reaction.body)
            except OSError:  # the client has gone
                pass

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    fake.url = f"http://localhost:{server.server_address[1]}/v1"
    try:
        yield fake
    finally:
        closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
