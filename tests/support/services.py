"""A running `kd-edge serve`, and clients that speak to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

PATIENCE = 120
"""Seconds for what comes at once, except on a machine that has much else to do."""


class Client:
    """A connection that sends lines and reads lines."""

    def __init__(self, where):
        family = socket.AF_INET if isinstance(where, tuple) else socket.AF_UNIX
        self.link = socket.socket(family)
        try:
            self.link.settimeout(PATIENCE)
            self.link.connect(where)
        except BaseException:
            self.link.close()
            raise
        self._lines = self.link.makefile("rb")

    def send(self, *requests):
        for one in requests:
            self.link.sendall(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n")

    def read(self):
        """The next answer; None at the end."""
        line = self._lines.readline()
        return json.loads(line) if line else None

    def ask(self, request):
        self.send(request)
        return self.read()

    def close(self):
        self._lines.close()
        self.link.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Service:
    """A running `kd-edge serve`; `where` is what a client connects to."""

    def __init__(self, process, where):
        self.process = process
        self.first = process.stderr.readline()
        self.where = where or ("127.0.0.1", int(self.first.rpartition(" ")[2]))

    def client(self):
        return Client(self.where)

    def end(self, number=signal.SIGTERM):
        """Stops it; its exit code and what it said since the first line."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        said = self.process.stderr.read()
        self.process.stderr.close()
        return self.process.wait(PATIENCE), said


@contextmanager
def started(*arguments, where=None, **options):
    with subprocess.Popen(
        [sys.executable, "-m", "kd_edge_runtime", "serve", *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        **options,
    ) as process:
        try:
            yield Service(process, where)
        finally:
            process.kill()  # which one that has ended does not mind
