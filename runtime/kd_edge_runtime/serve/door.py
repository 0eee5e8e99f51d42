"""Lets clients in, and refuses those for whom there is no place."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from time import monotonic
from typing import Callable

# Clients let in at a time, before those who are in get their turn.
_AT_ONCE = 64

# Seconds without letting anybody in, where the system has no descriptor for them.
_PAUSE = 0.2

_FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Door:
    """Accepts connections.

    Args:
        listener: a listening socket.
        say: called with messages for the administrator.
        refusal: makes what is sent to a client for whom there is no descriptor.
    """

    def __init__(
        self,
        listener: socket.socket,
        say: Callable[[str], object],
        refusal: Callable[[], bytes],
    ) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._say = say
        self._refusal = refusal
        self._said = False
        self._shut_until = 0.0
        # Kept to have a descriptor for telling a client that there is none.
        self._spare: int | None = None
        self._keep_spare()

    @property
    def shut(self) -> bool:
        """Whether nobody is let in for a moment."""
        return monotonic() < self._shut_until

    def let_in(self) -> list[socket.socket]:
        """Those who have come, a limited number of them."""
        links: list[socket.socket] = []
        while len(links) < _AT_ONCE:
            try:
                links.append(self._listener.accept()[0])
            except BlockingIOError:
                break
            except OSError as error:  # whoever came has left already, or nobody can be let in
                if error.errno in _FULL:
                    self._turn_away()
                    break
        return links

    def close(self) -> None:
        """Lets nobody in any more."""
        self._listener.close()
        self._drop_spare()

    def _turn_away(self) -> None:
        self._shut_until = monotonic() + _PAUSE
        if not self._said:
            self._said = True
            self._say("clients are refused, as no file can be opened any more: see 'ulimit -n'")
        self._drop_spare()
        with suppress(OSError), self._listener.accept()[0] as link:
            link.setblocking(False)
            link.send(self._refusal())
        self._keep_spare()

    def _keep_spare(self) -> None:
        with suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY)

    def _drop_spare(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
