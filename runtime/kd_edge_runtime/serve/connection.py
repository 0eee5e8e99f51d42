"""One client: what it has sent, the request that is worked on, and the answer on its way."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

from kd_edge_runtime.serve.limits import Limits

# Bytes read at a time, so that nobody waits for one client's.
_BLOCK = 1 << 16

SMALL_LINE = 1 << 16
"""Bytes of a line that any connection may hold; longer ones are read a few at a time."""

# Seconds for a refused client to read why.
_LINGER = 2.0
_NEVER = float("inf")


class Connection:
    """A client's connection.

    A client is read no further while it has a request to be answered or an answer to take, so that
    further requests wait in its socket.

    Args:
        link: its socket.
        limits: the service's.

    Attributes:
        link: see Args.
        work: answers the request that is worked on; None for none.
        refused: whether it is told why it is refused, and closed.
        ended: whether the client sends nothing more.
        held_up: whether a long line waits for its turn to be read.
    """

    def __init__(self, link: socket.socket, limits: Limits) -> None:
        link.setblocking(False)
        with suppress(OSError):  # it may have left already
            if link.family != getattr(socket, "AF_UNIX", None):
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.link = link
        self.work: Iterator[bytes] | None = None
        self.refused = self.ended = self.held_up = False
        self._limits = limits
        self._received = bytearray()
        self._searched = 0
        self._unsent = memoryview(b"")
        # When what it is doing now has begun: a request, taking an answer, or being idle.
        self._since = monotonic()

    @property
    def has_line(self) -> bool:
        """Whether a whole line has come."""
        end = self._received.find(b"\n", self._searched)
        self._searched = max(0, len(self._received)) if end < 0 else end
        return end >= 0

    @property
    def long_line(self) -> bool:
        """Whether a line has begun that is longer than any connection may hold."""
        return len(self._received) > SMALL_LINE

    @property
    def too_long(self) -> bool:
        """Whether the line is longer than a request may be."""
        length = self._searched if self.has_line else len(self._received)
        return length > self._limits.line_bytes

    @property
    def unsent(self) -> int:
        """Bytes of the answer that the client has not taken."""
        return len(self._unsent)

    @property
    def wants_to_read(self) -> bool:
        """Whether what the client sends is read now."""
        if self.ended or self._unsent:
            return False
        return self.refused or not (self.work or self.held_up or self.has_line)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do for the client."""
        if not self.ended or self._unsent or self.work:
            return False
        return self.refused or not self.has_line

    def idle(self, now: float) -> float:
        """Seconds for which the client has had nothing to do with the service; 0 if it has."""
        busy = self._unsent or self.work or self._received or self.refused
        return 0.0 if busy else now - self._since

    @property
    def deadline(self) -> float:
        """When it is closed if it goes on like this."""
        if self.refused:
            return self._since + _LINGER
        if self._unsent:
            return self._since + self._limits.answer_seconds
        if self.work or self.held_up or self.has_line:
            return _NEVER
        if self._received:
            return self._since + self._limits.line_seconds
        return self._since + self._limits.idle_seconds

    def gone(self) -> bool:
        """Whether the client takes no answer any more, as far as the system knows.

        One that has only ended what it sends still does.
        """
        try:
            self.link.send(b"")
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True
        return False

    def receive(self) -> None:
        """Reads what has come.

        Raises:
            OSError: the connection is broken.
        """
        try:
            data = self.link.recv(_BLOCK)
        except (BlockingIOError, InterruptedError):
            return
        self.ended = not data
        if not self.refused:  # of a refused client all is read, so that it gets to read why
            if not self._received:
                self.restart()
            self._received += data

    def take_line(self) -> bytearray:
        r"""The line that has come, without its "\n"."""
        line = self._received[: self._searched]
        del self._received[: self._searched + 1]
        self._searched = 0
        return line

    def answer(self, reply: bytes) -> None:
        """Begins to send an answer."""
        self.work = None
        self._unsent = memoryview(reply)
        self.restart()
        self.send()

    def send(self) -> None:
        """Sends what the client takes of the answer now.

        Raises:
            OSError: the connection is broken.
        """
        with suppress(BlockingIOError, InterruptedError):
            self._unsent = self._unsent[self.link.send(self._unsent) :]
            if not self._unsent:
                self._unsent = memoryview(b"")  # lets go of the answer
                if self.refused:
                    self.link.shutdown(socket.SHUT_WR)
                else:
                    self.restart()

    def refuse(self, reply: bytes) -> None:
        """Tells the client why, and passes over all that it sends from now on."""
        self.refused = True
        self.held_up = False
        self._received.clear()
        self._searched = 0
        self.answer(reply)

    def restart(self) -> None:
        """Begins to count the time of what comes next."""
        self._since = monotonic()
