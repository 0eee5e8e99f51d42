"""Requests to a device through the system's own OpenSSH: its keys, agent and configuration."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from kd_edge.console.progress import Tracker
from kd_edge.flash.device.serve import NOTE, REPLY
from kd_edge.flash.kit.program import COMMAND, sent_ahead
from kd_edge.flash.targets import SshTarget
from kd_edge_runtime.errors import KdEdgeError

_OPTIONS = (
    "BatchMode=yes",  # a question that nobody sees would hang for ever
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "ClearAllForwardings=yes",  # several connections would quarrel over a port
    "ControlMaster=no",  # one that is there is used; a new one would outlive us
    "LogLevel=ERROR",
)

_BLOCK = 1 << 15
_MOST_ANSWER = 1 << 20
_ANSWER_S = 1800
_DRAIN_S = 5  # a jump host's ssh may outlive ours

# What ssh says, and what can be done about it.
_ADVICE = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its host key is not the one it had before: find out why, then 'ssh-keygen -R {host}'",
    ),
    (
        "Host key verification failed",
        "its host key is not known here: run 'ssh {login}' once and compare the key",
    ),
    ("Permission denied", "it takes none of your keys: 'ssh-copy-id {login}' puts one there"),
)
_NO_PROGRAM = (126, 127)  # what a shell returns


class DeviceError(KdEdgeError):
    """A device cannot be reached, or refuses; it scores as before."""


class Connections:
    """The ssh processes that are running, so that all can be ended at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._ended = False

    def end(self) -> None:
        """Ends those that run, and all that would be started later."""
        with self._lock:
            self._ended = True
            for process in self._running:
                process.kill()

    @contextmanager
    def started(self, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
        """Runs a process, which ends with the block.

        Args:
            command: its words.

        Yields:
            The process, its three streams being pipes. Whoever reads one closes it.
        """
        with self._lock:
            if self._ended:
                raise DeviceError("stopped")
            pipe = subprocess.PIPE
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)  # noqa: S603
            self._running.add(process)
        try:
            yield process
        finally:
            with self._lock:
                self._running.discard(process)
            process.kill()
            process.wait()
            with suppress(OSError):  # what could not be sent
                process.stdin.close()


class Remote:
    """A device that ssh reaches. Each request is a connection of its own.

    Args:
        target: the device's folder.
        connections: where its processes are kept.

    Raises:
        KdEdgeError: there is no ssh here.
    """

    def __init__(self, target: SshTarget, connections: Connections) -> None:
        program = shutil.which("ssh")
        if program is None:
            raise KdEdgeError("there is no ssh here: install OpenSSH's client")
        self._target = target
        self._connections = connections
        words = [program, "-T", "-x"]
        for option in _OPTIONS:
            words += ["-o", option]
        if target.port:
            words += ["-p", str(target.port)]
        if target.user:
            words += ["-l", target.user]
        self._command = [*words, "--", target.host, COMMAND]

    def ask(
        self, what: str, upload: bytes = b"", tracker: Tracker | None = None, **more: Any
    ) -> dict[str, Any]:
        """Sends a request and waits for the reply.

        Args:
            what: one of those that `device.serve` knows.
            upload: what it takes.
            tracker: told of the bytes of it that are on their way, and what the device is at.
            **more: what else belongs to the request.

        Raises:
            DeviceError: the device cannot be reached, the connection broke, or it refuses.
        """
        sha256 = hashlib.sha256(upload).hexdigest()
        request = {"do": what, "root": self._target.folder, "bytes": len(upload), "sha256": sha256}
        head = sent_ahead() + json.dumps({**request, **more}).encode("ascii") + b"\n"
        with self._connections.started(self._command) as process:
            replies: list[str] = []
            complaints: list[str] = []
            readers = [
                threading.Thread(
                    target=_hear, args=(process.stdout, replies, tracker), daemon=True
                ),
                threading.Thread(target=_drain, args=(process.stderr, complaints), daemon=True),
            ]
            late = threading.Timer(_ANSWER_S, process.kill)
            for thread in (*readers, late):
                thread.start()
            _send(process.stdin, head, upload, tracker)
            code = process.wait()
            late.cancel()
            for reader in readers:
                reader.join(_DRAIN_S)
            if not replies:
                raise DeviceError(self._why(code, "".join(complaints)))
        reply = json.loads(replies[-1])
        if "error" in reply:
            raise DeviceError(_printable(reply["error"]))
        return reply

    def _why(self, code: int, complaints: str) -> str:
        if code in _NO_PROGRAM:
            return "it has no python3: kd-edge needs Python 3.9 or newer"
        for words, advice in _ADVICE:
            if words in complaints:
                return advice.format(login=self._target.login, host=self._target.host)
        lines = [line for line in map(_printable, complaints.splitlines()) if line]
        return lines[-1] if lines else "the connection was lost"


def _send(stream: IO[bytes], head: bytes, upload: bytes, tracker: Tracker | None) -> None:
    # If it breaks, the reply or ssh's own words say why.
    with suppress(OSError):
        stream.write(head)
        for start in range(0, len(upload), _BLOCK):
            block = upload[start : start + _BLOCK]
            stream.write(block)
            stream.flush()
            if tracker:
                tracker.advance(len(block))
        stream.close()


def _hear(stream: IO[bytes], replies: list[str], tracker: Tracker | None) -> None:
    # A login script may print what it likes before.
    with stream:
        for line in iter(lambda: stream.readline(_MOST_ANSWER), b""):
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if text.startswith(REPLY):
                replies.append(text[len(REPLY) :])
            elif text.startswith(NOTE) and tracker:
                tracker.note(_printable(text[len(NOTE) :]))


def _drain(stream: IO[bytes], complaints: list[str]) -> None:
    with stream:
        complaints.append(stream.read(_MOST_ANSWER).decode("utf-8", "replace"))
        while stream.read(_MOST_ANSWER):
            pass


def _printable(text: str) -> str:
    """A device's words on one line, without what would steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]
