"""The service behind `kd-edge serve`: one loop that serves all clients in turns.

Each turn is short: a request, or a part of a long one. No client can block another: what a
connection may send, hold and take time for is limited (`Limits`), and further requests wait in its
own socket.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Hashable
from contextlib import suppress
from time import monotonic
from typing import Callable

from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.serve.answers import answer, refusal
from kd_edge_runtime.serve.bundle_in_use import BundleInUse
from kd_edge_runtime.serve.connection import Connection
from kd_edge_runtime.serve.counters import Counters
from kd_edge_runtime.serve.door import Door
from kd_edge_runtime.serve.limits import Limits, open_files, served_and_refused
from kd_edge_runtime.serve.other_protocols import other_protocol
from kd_edge_runtime.serve.places import Places

# Seconds between checks for a stop, a new bundle, and clients whose time is up.
_CHECK_EVERY = 0.5

# Long lines that are read, and long requests that are worked on, at a time: what bounds memory.
_LONG_LINES = 16
_LONG_REQUESTS = 8

# Seconds for parts of long requests, after which those with short ones get their turn.
_LONG_TURN = 0.05

# Bytes of answers that clients do not take: no long request is worked on while there are more.
_UNSENT = 32 << 20

# Seconds after which an idle connection gives way to a client for whom there is no place.
_GIVES_WAY = 10.0

_BUSY = "too many connections are open: try again later"


class Server:
    """Answers requests until `stopping` is set.

    Args:
        listener: a listening socket.
        load: opens the bundle.
        version: a value that changes when there is another bundle to load.
        say: called with messages for the administrator.
        limits: what clients may take.

    Attributes:
        stopping: set by a signal handler to stop the service.

    Raises:
        KdEdgeError: the bundle cannot be loaded.
    """

    def __init__(
        self,
        listener: socket.socket,
        load: Callable[[], Scorer],
        version: Callable[[], Hashable],
        say: Callable[[str], object],
        limits: Limits = Limits(),  # noqa: B008 (it cannot be changed)
    ) -> None:
        self.stopping = False
        self._limits = limits
        self._bundle = BundleInUse(load, version, say)
        self._most, self._most_refused = served_and_refused(limits.connections, open_files())
        self._say = say
        self._listener = listener
        self._counters = Counters()
        self._told = {"status": self._status, "metrics": self._metrics}
        self._door = Door(listener, say, lambda: self._refusal("busy", _BUSY))
        self._selector = selectors.DefaultSelector()
        self._clients: set[Connection] = set()
        self._refused: set[Connection] = set()
        self._short: dict[Connection, None] = {}  # with a request, in the order of their turns
        self._long_lines: Places[Connection] = Places(_LONG_LINES)
        self._long_requests: Places[Connection] = Places(_LONG_REQUESTS)
        self._first_long = 0
        self._checked = 0.0

    def summary(self) -> str:
        """A description of the bundle and its backends."""
        return self._bundle.summary()

    def run(self) -> None:
        """Serves until stopped; complete requests received by then are still answered."""
        if self._most < self._limits.connections:
            self._say(f"at most {self._most} connections, as 'ulimit -n' allows no more open files")
        with self._selector:
            while not self.stopping:
                self._watch_door()
                self._round()
            self._let_in()  # who has connected before the stop
            self._watch(self._listener, 0)
            self._door.close()
            for client in self._clients:
                with suppress(OSError):
                    client.link.shutdown(socket.SHUT_RD)
            end = monotonic() + self._limits.stop_seconds
            while self._clients and monotonic() < end:
                self._round()
            for client in [*self._clients, *self._refused]:
                self._drop(client)

    def _round(self) -> None:
        """Reads and sends what is possible now, and gives everybody with a request a turn."""
        long = self._long_turns()
        for key, events in self._selector.select(0 if self._short or long else _CHECK_EVERY):
            if key.data is None:
                self._let_in()
            else:
                self._move(key.data, events)
        for client in [*self._short]:
            if client in self._short and not self._dropped_as_gone(client):
                self._turn(client)
        self._work_on_long()
        now = monotonic()
        if now >= self._checked + _CHECK_EVERY:
            self._checked = now
            if not self.stopping:
                self._bundle.reload_if_changed()
            for client in [*self._clients, *self._refused]:
                if client.deadline <= now:
                    self._drop(client)

    # Who comes and goes.

    def _watch_door(self) -> None:
        self._watch(self._listener, 0 if self._door.shut else selectors.EVENT_READ)

    def _let_in(self) -> None:
        for link in self._door.let_in():
            client = Connection(link, self._limits)
            if len(self._clients) >= self._most:
                self._make_room()
            if len(self._clients) < self._most:
                self._clients.add(client)
                self._settle(client)
            else:
                self._refuse(client, "busy", _BUSY)

    def _make_room(self) -> None:
        """Closes the connection that has been idle for the longest time, if it is long."""
        now = monotonic()
        idle = max(self._clients, key=lambda client: client.idle(now), default=None)
        if idle and idle.idle(now) >= _GIVES_WAY:
            self._drop(idle)

    def _refuse(self, client: Connection, code: str, message: str) -> None:
        self._leave_queues(client)
        self._clients.discard(client)
        self._refused.add(client)
        try:
            client.refuse(self._refusal(code, message))
        except OSError:
            self._drop(client)
            return
        # A crowd is told why, and does not get the time to read it that few have.
        if len(self._refused) > self._most_refused:
            self._drop(client)
        else:
            self._settle(client)

    def _refusal(self, code: str, message: str) -> bytes:
        self._counters.refused(code)
        return refusal(code, message)

    def _drop(self, client: Connection) -> None:
        self._leave_queues(client)
        self._clients.discard(client)
        self._refused.discard(client)
        client.work = None
        self._watch(client.link, 0)
        client.link.close()

    def _leave_queues(self, client: Connection) -> None:
        self._short.pop(client, None)
        self._long_requests.leave(client)
        self._leave_long_lines(client)

    def _leave_long_lines(self, client: Connection) -> None:
        self._long_lines.leave(client)
        for other in self._long_lines.holders():
            if other.held_up:
                other.held_up = False
                other.restart()
                self._settle(other)

    # What they send and take.

    def _move(self, client: Connection, events: int) -> None:
        wanted = events & self._wanted(client)
        try:
            if wanted & selectors.EVENT_WRITE:
                client.send()
            if wanted & selectors.EVENT_READ:
                client.receive()
        except OSError:
            self._drop(client)
            return
        if wanted:
            self._settle(client)
        else:  # it has a request to be answered first
            self._watch(client.link, self._wanted(client), client)

    def _settle(self, client: Connection) -> None:
        """Puts a client where it belongs after something has changed."""
        if client.finished:
            self._drop(client)
            return
        if not (client.refused or client.work or client.unsent):
            if client.too_long:
                most = self._limits.line_bytes
                self._refuse(client, "too-large", f"a request has at most {most} bytes")
                return
            if client.has_line:
                self._short.setdefault(client)
            elif client.long_line:
                client.held_up = not self._long_lines.ask(client)
        # Whoever has a request has its answer soon, mostly: nothing is changed for the moment.
        if wanted := self._wanted(client):
            self._watch(client.link, wanted, client)

    def _wanted(self, client: Connection) -> int:
        reads = selectors.EVENT_READ if client.wants_to_read else 0
        return reads | (selectors.EVENT_WRITE if client.unsent else 0)

    def _watch(self, link: socket.socket, events: int, client: Connection | None = None) -> None:
        known = self._selector.get_map().get(link) if link.fileno() >= 0 else None
        if known is None and events:
            self._selector.register(link, events, client)
        elif known is not None and not events:
            self._selector.unregister(link)
        elif known is not None and known.events != events:
            self._selector.modify(link, events, client)

    # Turns.

    def _turn(self, client: Connection) -> None:
        """Begins to answer a client's next request."""
        del self._short[client]
        line = client.take_line()
        if other := other_protocol(line):
            self._refuse(client, "protocol", f"this is {other}, and not a service for it")
            return
        client.work = answer(self._bundle.scorer, line, self._limits, self._told, self._counters)
        del line
        self._step(client)
        if client.work:
            self._long_requests.ask(client)

    def _long_turns(self) -> list[Connection]:
        """Those whose long requests are worked on."""
        unsent = sum(client.unsent for client in self._clients)
        return self._long_requests.holders() if unsent < _UNSENT else []

    def _work_on_long(self) -> None:
        end = monotonic() + _LONG_TURN
        waiting = self._long_turns()
        first = self._first_long % max(1, len(waiting))
        for client in [*waiting[first:], *waiting[:first]]:
            if not self._dropped_as_gone(client):
                self._step(client)
            self._first_long += 1
            if monotonic() >= end:
                return

    def _dropped_as_gone(self, client: Connection) -> bool:
        """Works on nothing for clients that have left."""
        gone = client.gone()
        if gone:
            self._drop(client)
        return gone

    def _step(self, client: Connection) -> None:
        assert client.work
        reply = next(client.work)
        if not reply:
            return
        self._leave_queues(client)
        try:
            client.answer(reply)
        except OSError:  # the client has left
            self._drop(client)
        else:
            self._settle(client)

    def _status(self) -> dict[str, object]:
        return {**self._bundle.status(), "connections": len(self._clients)}

    def _metrics(self) -> dict[str, object]:
        return {"metrics": self._counters.text({"connections": len(self._clients)})}
