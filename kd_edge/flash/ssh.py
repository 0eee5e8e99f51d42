"""Requests to a device through the system's own OpenSSH: its keys, agent and configuration."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, cast

from kd_edge.console.progress import Tracker
from kd_edge.flash.device.serve import NOTE, REPLY
from kd_edge.flash.kit.program import COMMAND, sent_ahead
from kd_edge.flash.targets import SshTarget
from kd_edge_runtime.errors import KdEdgeError

_OPTIONS = (
    "BatchMode=yes",  # a question on a hidden terminal would wait for ever
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "ClearAllForwardings=yes",  # several connections would need the same port
    "ControlMaster=no",  # an existing master is used; a new one would outlive this process
    "LogLevel=ERROR",
)

_BLOCK = 1 << 15
_MOST_ANSWER = 1 << 20
_ANSWER_S = 1800
_DRAIN_S = 5  # a jump host's ssh may outlive ours

# Messages of ssh, and what a person can do about them.
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
_NO_PROGRAM = (126, 127)  # exit codes of a shell that cannot run a program


class DeviceError(KdEdgeError):
    """A device cannot be reached, or refuses; it keeps its bundle."""


class Connections:
    """The running ssh processes, so that all can be stopped at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._ended = False

    def end(self) -> None:
        """Kills the running processes, and lets none start any more."""
        with self._lock:
            self._ended = True
            for process in self._running:
                process.kill()

    @contextmanager
    def started(self, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
        """Runs a process, which is killed at the end of the block.

        Args:
            command: its arguments.

        Yields:
            The process; its three streams are pipes, to be closed by their readers.
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
                _stdin(process).close()


class Remote:
    """A device reached by ssh. Each request has its own connection.

    Args:
        target: the device's folder.
        connections: takes its processes.

    Raises:
        KdEdgeError: ssh is not installed.
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
            what: a request that `device.serve` answers: "state", "kit" or "bundle".
            upload: the bytes sent after the request.
            tracker: counts the bytes sent, and shows the device's notes.
            **more: further fields of the request.

        Returns:
            The reply's fields.

        Raises:
            DeviceError: the device cannot be reached, the connection broke, or the device refuses.
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
            _send(_stdin(process), head, upload, tracker)
            code = process.wait()
            late.cancel()
            for reader in readers:
                reader.join(_DRAIN_S)
            if not replies:
                raise DeviceError(self._why(code, "".join(complaints)))
        reply: dict[str, Any] = json.loads(replies[-1])
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


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    return cast(IO[bytes], process.stdin)  # a pipe, see `Connections.started`


def _send(stream: IO[bytes], head: bytes, upload: bytes, tracker: Tracker | None) -> None:
    # If the connection breaks, the reply or ssh's message says why.
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
    # A login script may print anything before the reply.
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
    """A device's message on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]
