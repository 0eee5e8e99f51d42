"""Asks about many responses at once, and keeps every answer as it comes."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kd_edge.console.progress import track
from kd_edge.llm.client import Client, ServerError
from kd_edge.llm.dialect import Dialect, Settings, read_answer
from kd_edge.llm.journal import Journal, Reply, request_key
from kd_edge.llm.pace import HaltedError, Pace
from kd_edge.llm.probabilities import from_positions
from kd_edge.llm.prompt import Prompt
from kd_edge.llm.symbols import read_score
from kd_edge.stages.record import StoppedError
from kd_edge_runtime.errors import InputError

_LOOK_S = 0.2  # how long Ctrl-C may wait
_LAST_ANSWERS_S = 5.0  # after Ctrl-C, for answers that are on their way
_SOON = 20  # answers after which a model that gives no score has shown it
_REFUSED_SOON = 5
_OF_THE_RESPONSE = {400, 413, 422}  # too long, or filtered: of this response alone


@dataclass(frozen=True)
class Questions:
    """How each response is asked about.

    Attributes:
        prompt: what is asked.
        settings: model and the like.
        dialect: how the server is asked.
        answers: how often each response is asked about, >= 1.
        temperature: of the answers.
        seed: of the first answer; each further one has the next.
    """

    prompt: Prompt
    settings: Settings
    dialect: Dialect
    answers: int
    temperature: float
    seed: int

    def requests(self, text: str) -> dict[str, dict[str, Any]]:
        """The requests about a response, by `request_key`."""
        messages = self.prompt.messages(text)
        bodies = (
            self.dialect.body(messages, self.settings, self.temperature, self.seed + turn)
            for turn in range(self.answers)
        )
        return {request_key(self.dialect.call, body): body for body in bodies}


def unanswered(
    questions: Questions, texts: Sequence[str], known: Mapping[str, Reply]
) -> dict[str, dict[str, Any]]:
    """The requests that no answer is known to, by `request_key`; of texts alike once."""
    wanted = {
        key: body for text in dict.fromkeys(texts) for key, body in questions.requests(text).items()
    }
    return {key: body for key, body in wanted.items() if key not in known}


def ask(
    client: Client,
    pace: Pace,
    questions: Questions,
    requests: Mapping[str, dict[str, Any]],
    journal: Journal,
    parallel: int,
    description: str,
) -> int:
    """Send requests, several at once, and put each answer into the journal when it comes.

    Args:
        client: the connection.
        pace: its pace, halted at Ctrl-C.
        questions: how they were made.
        requests: bodies by `request_key`.
        journal: where answers go.
        parallel: how many are on their way at a time, >= 1.
        description: what progress calls it.

    Returns:
        The number of requests that the server refused because of the response in them.

    Raises:
        InputError: the model does not answer with a score, or the server refuses everything.
        ServerError: a request was not answered after all tries.
        StoppedError: the user pressed Ctrl-C; the same call resumes.
    """
    crew = _Crew(client, questions, requests, journal, min(parallel, max(1, len(requests))))
    tally = _Tally()
    try:
        with track(description, len(requests)) as tracker:
            while tally.seen < len(requests):
                tally.take(crew.next())
                tracker.advance()
    except BaseException as error:
        pace.halt()
        crew.wait_for_last()
        if not isinstance(error, KeyboardInterrupt):
            raise
        raise StoppedError(
            f"{description}: stopped. Answers so far are kept: start the same command again to "
            "go on."
        ) from None
    return tally.refused


@dataclass
class _Tally:
    """What came back so far."""

    seen: int = 0
    scored: int = 0
    refused: int = 0

    def take(self, result: Reply | Exception) -> None:
        """Count a result.

        Raises:
            ServerError: it is an error that the next request would meet too.
            InputError: so many have failed that all will.
        """
        self.seen += 1
        if isinstance(result, ServerError) and result.status in _OF_THE_RESPONSE:
            self.refused += 1
            if self.refused == self.seen and self.seen >= _REFUSED_SOON:
                raise result
        elif isinstance(result, Exception):
            raise result
        elif result.score is not None:
            self.scored += 1
        if self.seen == _SOON and not self.scored:
            raise InputError(
                f"the model gave no score in {_SOON} answers. A larger or a newer model may follow "
                "the instruction; one that thinks first needs more room (--max-tokens 2000) or to "
                "be told not to (--request)"
            )


class _Crew:
    """Threads that send requests, keep the answers, and hand back what came of each.

    Each keeps its answer before it asks again: of a slow disk no more is lost by a kill than is on
    its way. They die with the program, so that a server that hangs keeps nobody waiting.
    """

    def __init__(
        self,
        client: Client,
        questions: Questions,
        requests: Mapping[str, Any],
        journal: Journal,
        threads: int,
    ) -> None:
        self._client, self._questions, self._journal = client, questions, journal
        self._todo: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Reply | Exception] = queue.SimpleQueue()
        for one in requests.items():
            self._todo.put(one)
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def next(self) -> Reply | Exception:
        """The next result, as soon as there is one."""
        while True:
            try:
                return self._done.get(timeout=_LOOK_S)
            except queue.Empty:
                continue

    def wait_for_last(self) -> None:
        """Gives answers that are on their way some seconds, after the pace was halted."""
        end = time.monotonic() + _LAST_ANSWERS_S
        while time.monotonic() < end and any(thread.is_alive() for thread in self._threads):
            time.sleep(0.02)

    def _work(self) -> None:
        while True:
            try:
                key, body = self._todo.get_nowait()
            except queue.Empty:
                return
            try:
                reply = self._ask(body)
                self._journal.add(key, reply)
            except HaltedError:
                return
            except Exception as error:
                self._done.put(error)
            else:
                self._done.put(reply)

    def _ask(self, body: dict[str, Any]) -> Reply:
        questions = self._questions
        answer = read_answer(self._client.post(questions.dialect.call, body))
        if answer is None:
            return Reply(None)
        symbols, classes = questions.prompt.symbols, questions.prompt.classes
        score = read_score(answer.text, symbols, classes)
        shares = None
        if score is not None and questions.dialect.top:
            shares = from_positions(answer.positions, symbols, score)
        return Reply(
            score,
            None if shares is None else tuple(shares),
            answer.model,
            answer.tokens_in,
            answer.tokens_out,
        )
