"""The service behind `kd-edge serve`: one thread per connection, of which one scores at a time.

No client can block another: the length of a line is limited, further requests wait in their own
socket, and connections that neither send a request nor read an answer are closed.
"""

from __future__ import annotations

import socket
from collections.abc import Hashable
from contextlib import suppress
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Callable

from kd_edge_runtime._version import __version__
from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.errors import printable
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.serve.answers import MAX_LINE, answer, refusal

MAX_CONNECTIONS = 32

# Seconds: until an idle connection is closed; between checks for a stop or a new bundle; for a
# refused client to read why; for pending requests to be answered when the service stops.
IDLE = 600.0
_CHECK_EVERY = 0.5
_LINGER = 2.0
_FINISH = 10.0

# Locks are not fair: a thread sleeps this long after its turn so that others get theirs.
_PAUSE = 0.0002


class Server:
    """Answers requests until `stopping` is set.

    Args:
        listener: a listening socket.
        load: opens the bundle.
        version: a value that changes when there is another bundle to load.
        say: called with messages for the administrator.
        idle: seconds until an idle connection is closed.

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
        idle: float = IDLE,
    ) -> None:
        self.stopping = False
        self._listener = listener
        self._load = load
        self._version = version
        self._say = say
        self._idle = idle
        self._turn = Lock()
        self._clients: dict[socket.socket, Thread] = {}
        self._loaded = version()
        self._scorer = self._load_scorer()

    def run(self) -> None:
        """Serves until stopped; complete requests received by then are still answered."""
        self._listener.settimeout(_CHECK_EVERY)
        checked = monotonic()
        while not self.stopping:
            with suppress(OSError):  # no client, or it has left already
                self._accept(self._listener.accept()[0])
            if monotonic() >= checked + _CHECK_EVERY:
                self._reload_if_changed()
                checked = monotonic()
        self._listener.close()
        clients = [*self._clients.items()]
        for link, _ in clients:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RD)
        end = monotonic() + _FINISH
        for _, thread in clients:
            thread.join(max(0.0, end - monotonic()))

    def summary(self) -> str:
        """A description of the bundle and its backends."""
        items = self._scorer.bundle.manifest.items
        names = {self._scorer.backend(item.item_id) for item in items}
        firsts = f"{self._scorer.bundle.path.name}, items: {len(items)}, with {', '.join(names)}"
        seconds = [self._scorer.second(item.item_id) for item in items]
        used = sorted({one.backend for one in seconds if one and one.backend})
        whys = sorted({one.why for one in seconds if one and one.why})
        return "; ".join(
            [
                firsts,
                *([f"second models with {', '.join(used)}"] if used else []),
                *(f"second models not in use: {why}" for why in whys),
            ]
        )

    def _accept(self, link: socket.socket) -> None:
        if len(self._clients) == 2 * MAX_CONNECTIONS:
            link.close()
            return
        serve = self._serve if len(self._clients) < MAX_CONNECTIONS else self._busy
        self._clients[link] = Thread(target=self._client, args=(serve, link), daemon=True)
        self._clients[link].start()

    def _client(self, serve: Callable[[socket.socket], None], link: socket.socket) -> None:
        try:
            with suppress(OSError), link:  # the client has left, or was idle for too long
                link.settimeout(self._idle)
                serve(link)
        finally:  # whatever a package raises, its place is free for another
            del self._clients[link]

    def _serve(self, link: socket.socket) -> None:
        if link.family in (socket.AF_INET, socket.AF_INET6):
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with link.makefile("rb") as lines:
            while (line := lines.readline(MAX_LINE + 1)).endswith(b"\n"):
                link.sendall(self._answer(line))
        if len(line) > MAX_LINE:
            self._refuse(link, "too-large", f"a request has at most {MAX_LINE} bytes")

    def _busy(self, link: socket.socket) -> None:
        self._refuse(link, "busy", "too many connections are open: try again later")

    def _refuse(self, link: socket.socket, code: str, message: str) -> None:
        link.settimeout(_LINGER)
        link.sendall(refusal(code, message))
        link.shutdown(socket.SHUT_WR)
        # If the socket is closed with unread data in it, the client may not receive the reason.
        end = monotonic() + _LINGER
        while monotonic() < end and link.recv(1 << 16):
            pass

    def _answer(self, line: bytes) -> bytes:
        work = answer(self._scorer, line, self._status)
        while True:
            with self._turn:
                reply = next(work)
            if reply:
                return reply
            sleep(_PAUSE)

    def _reload_if_changed(self) -> None:
        """Loads the new bundle if there is one; if that fails, keeps the old one."""
        try:
            version = self._version()
            if version != self._loaded:
                self._loaded = version
                self._scorer = self._load_scorer()
                self._say(f"now {self.summary()}")
        except Exception as error:  # a backend's package may raise anything
            self._say(f"keeping the bundle in use: {error}")

    def _load_scorer(self) -> Scorer:
        """A scorer with the whole bundle in memory; its file is closed and can be replaced."""
        with self._load() as scorer:
            for entry in scorer.bundle.manifest.items:
                scorer.score("", entry.item_id)
                scorer.second(entry.item_id)
        return scorer

    def _status(self) -> dict[str, object]:
        scorer = self._scorer

        def state(item: ItemEntry) -> dict[str, object]:
            second = scorer.second(item.item_id)
            more = {} if second is None else {"second": second.backend or None}
            return {"classes": item.classes, "backend": scorer.backend(item.item_id), **more}

        return {
            "runtime": __version__,
            "bundle": printable(scorer.bundle.path.name),
            "created": scorer.bundle.manifest.created,
            "items": {item.item_id: state(item) for item in scorer.bundle.manifest.items},
            "connections": len(self._clients),
        }
