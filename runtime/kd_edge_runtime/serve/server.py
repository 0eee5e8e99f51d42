"""The service behind `kd-edge serve`: a thread for each connection, of which one scores at a time.

No client holds up another: a line has a greatest length, what is sent before an answer waits in
its own socket, and who neither asks nor takes an answer is closed.
"""

from __future__ import annotations

import socket
from collections.abc import Hashable
from contextlib import suppress
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Callable

from kd_edge_runtime._version import __version__
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.serve.answers import MAX_LINE, answer, refusal

MAX_CONNECTIONS = 32

# Seconds: until an idle connection is closed; between looks for a stop or a new bundle; for who
# is refused to read why; for a stop to wait for what is being answered.
IDLE = 600.0
_LOOK = 0.5
_LINGER = 2.0
_FINISH = 10.0

# A lock is not fair: others get it while whoever had it sleeps, here for 0.2 ms.
_PAUSE = 0.0002


class Server:
    """Answers requests until it is told to stop.

    Args:
        listener: a listening socket.
        load: opens the bundle.
        version: changes when there is another bundle to load.
        say: tells whoever looks after the device.
        idle: seconds until an idle connection is closed.

    Attributes:
        stopping: for a signal handler to set.

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
        self._scorer = self._ready()

    def run(self) -> None:
        """Serves; at the end what has come whole is still answered."""
        self._listener.settimeout(_LOOK)
        looked = monotonic()
        while not self.stopping:
            with suppress(OSError):  # nobody came, or is gone again
                self._accept(self._listener.accept()[0])
            if monotonic() >= looked + _LOOK:
                self._look()
                looked = monotonic()
        self._listener.close()
        clients = [*self._clients.items()]
        for link, _ in clients:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RD)
        end = monotonic() + _FINISH
        for _, thread in clients:
            thread.join(max(0.0, end - monotonic()))

    def summary(self) -> str:
        """The bundle and its backends in words."""
        items = self._scorer.bundle.manifest.items
        used = {self._scorer.backend(one.item_id) for one in items}
        return f"{self._scorer.bundle.path.name}, items: {len(items)}, with {', '.join(used)}"

    def _accept(self, link: socket.socket) -> None:
        if len(self._clients) == 2 * MAX_CONNECTIONS:
            link.close()
            return
        serve = self._serve if len(self._clients) < MAX_CONNECTIONS else self._busy
        self._clients[link] = Thread(target=self._client, args=(serve, link), daemon=True)
        self._clients[link].start()

    def _client(self, serve: Callable[[socket.socket], None], link: socket.socket) -> None:
        with suppress(OSError), link:  # it is gone, or idle for too long
            link.settimeout(self._idle)
            serve(link)
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
        # Closed with something unread in its socket, the client might not hear why.
        end = monotonic() + _LINGER
        while monotonic() < end and link.recv(1 << 16):
            pass

    def _answer(self, line: bytes) -> bytes:
        work = answer(self._scorer, line, self._status)
        while True:
            with self._turn:
                done = next(work)
            if done:
                return done
            sleep(_PAUSE)

    def _look(self) -> None:
        """Loads another bundle where there is one; where that fails, the old one stays."""
        try:
            version = self._version()
            if version != self._loaded:
                self._loaded = version
                self._scorer = self._ready()
                self._say(f"now {self.summary()}")
        except Exception as error:  # a backend's package may raise anything
            self._say(f"the bundle in use is kept: {error}")

    def _ready(self) -> Scorer:
        """The bundle, all of it in memory and its file closed, so that it can be replaced."""
        with self._load() as scorer:
            for entry in scorer.bundle.manifest.items:
                scorer.score("", entry.item_id)
        return scorer

    def _status(self) -> dict[str, object]:
        scorer = self._scorer
        return {
            "runtime": __version__,
            "bundle": scorer.bundle.path.name,
            "created": scorer.bundle.manifest.created,
            "items": {
                one.item_id: {"classes": one.classes, "backend": scorer.backend(one.item_id)}
                for one in scorer.bundle.manifest.items
            },
            "connections": len(self._clients),
        }
