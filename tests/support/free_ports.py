"""Ports for servers that a test starts: free now, and given to nobody else until they listen."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress

# Below those that a system gives to whoever asks for any, or connects: such a port may be another
# test's before a server that takes seconds to start has it.
_FIRST, _END = 20_000, 30_000
_MOST_WORKERS = 16


def free_port() -> int:
    """A port of this machine on which nobody listens; tests beside this one get others."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % _MOST_WORKERS
    while True:
        port = _FIRST + worker + _MOST_WORKERS * secrets.randbelow((_END - _FIRST) // _MOST_WORKERS)
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
