"""Requests to a device through the system's own OpenSSH: its keys, agent and configuration."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any, cast

from kd_edge.console.progress import Tracker
from kd_edge.flash.device.serve import NOTE, REPLY
from kd_edge.flash.kit.program import COMMAND, SEARCH, loader_and_sources
from kd_edge.flash.targets import SshTarget
from kd_edge_runtime.errors import KdEdgeError

_OPTIONS = (
    "BatchMode=yes",  # a question on a hidden terminal would wait forever
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "ClearAllForwardings=yes",  # several connections would need the same port
    "ControlMaster=no",  # uses an existing master; a new one would outlive this process
    "LogLevel=ERROR",
)

_BLOCK = 1 << 15
_MOST_ANSWER = 1 << 20
_MOST_OUTPUT = 16 << 20  # a login script says less; whoever says more is cut off
_LEAST_LINE = 1 << 10  # as which a short line counts: each takes its time
_ANSWER_S = 1800
_DRAIN_S = 5  # a jump host's ssh may outlive ours

# Messages of ssh, and what a person can do about them.
_ADVICE = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its host key has changed: find out why, then 'ssh-keygen -R {host}'",
    ),
    (
        "Host key verification failed",
        "its host key is not known here: run 'ssh {login}' once and check the key",
    ),
    ("Permission denied", "it accepts none of your keys: 'ssh-copy-id {login}' installs one"),
)
_NO_PROGRAM = (126, 127)  # exit codes of a shell that cannot run a program
_SSH_FAILED = 255  # ssh's own; all others are the device's
_LAST_LINES = 5

# What sets a terminal's title or colours.
_ESCAPES = re.compile(r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)?|\[[0-9;?]*[ -/]*[@-~])")


class DeviceError(KdEdgeError):
    """A device cannot be reached, or refuses; it keeps its bundle."""


@dataclass
class _Output:
    """What came of running the device's program.

    Attributes:
        reply: its reply, {} where there was none.
        lines: the last other lines on its standard output, one that a login script left open too.
        errors: the text on standard error, including ssh's own messages.
        code: the exit code; 255 is ssh's.
        too_much: whether it was cut off since it did not stop.
    """

    reply: dict[str, Any] = field(default_factory=dict)
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))
    errors: str = ""
    code: int = 0
    too_much: bool = False

    @property
    def no_program(self) -> bool:
        """Whether the device's shell did not find Python."""
        csh = self.code == 1 and "ommand not found" in self.errors
        return not self.reply and (csh or self.code in _NO_PROGRAM)


class Connections:
    """The running ssh processes, so that all can be stopped at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._ended = False

    def end(self) -> None:
        """Kills the running processes and prevents new ones."""
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
            with suppress(OSError):  # data may be left that could not be sent
                _stdin(process).close()


class Remote:
    """A device reached by ssh. Each request has its own connection.

    Args:
        target: the device's folder.
        connections: holds its processes.

    Raises:
        KdEdgeError: ssh is not installed.
    """

    def __init__(self, target: SshTarget, connections: Connections) -> None:
        program = shutil.which("ssh")
        if program is None:
            raise KdEdgeError("ssh is not installed here: install OpenSSH's client")
        self._target = target
        self._connections = connections
        words = [program, "-T", "-x"]
        for option in _OPTIONS:
            words += ["-o", option]
        if target.port:
            words += ["-p", str(target.port)]
        if target.user:
            words += ["-l", target.user]
        self._ssh = [*words, "--", target.host]
        self._program = COMMAND

    def ask(
        self, what: str, upload: bytes = b"", tracker: Tracker | None = None, **more: Any
    ) -> dict[str, Any]:
        """Sends a request and waits for the reply.

        Args:
            what: the request, one that `device.serve` answers: "state", "kit" or "bundle".
            upload: the bytes sent after the request.
            tracker: counts the bytes sent and shows the device's notes.
            **more: further fields of the request.

        Returns:
            The reply's fields.

        Raises:
            DeviceError: the device cannot be reached, the connection broke, or the device refuses.
        """
        sha256 = hashlib.sha256(upload).hexdigest()
        request = {"do": what, "root": self._target.folder, "bytes": len(upload), "sha256": sha256}
        head = loader_and_sources() + json.dumps({**request, **more}).encode("ascii") + b"\n"
        output = self._run(head, upload, tracker)
        if output.no_program and self._program == COMMAND:
            self._program = SEARCH
            output = self._run(head, upload, tracker)
        if output.too_much:
            raise DeviceError("it does not stop talking: is this the right machine?")
        if not output.reply:
            raise DeviceError(self._why(output))
        if "error" in output.reply:
            raise DeviceError(_printable(str(output.reply["error"])))
        return output.reply

    def _run(self, head: bytes, upload: bytes, tracker: Tracker | None) -> _Output:
        """Runs the device's program once, and reads its output until it ends."""
        output = _Output()
        with self._connections.started([*self._ssh, self._program]) as process:
            readers = [
                threading.Thread(target=read, args=(stream, output), daemon=True)
                for read, stream in (
                    (partial(_read_replies, tracker=tracker, stop=process.kill), process.stdout),
                    (partial(_read_errors, stop=process.kill), process.stderr),
                )
            ]
            timeout = threading.Timer(_ANSWER_S, process.kill)
            for thread in (*readers, timeout):
                thread.start()
            _send(_stdin(process), head, upload, tracker)
            output.code = process.wait()
            timeout.cancel()
            for reader in readers:
                reader.join(_DRAIN_S)
        return output

    def _why(self, output: _Output) -> str:
        if output.no_program:
            return "it has no python3: kd-edge needs Python 3.9 or newer"
        for words, advice in _ADVICE:
            if words in output.errors:
                return advice.format(login=self._target.login, host=self._target.host)
        errors = [line for line in map(_printable, output.errors.splitlines()) if line]
        received = [*output.lines, *errors]
        if output.code == _SSH_FAILED or output.code < 0 or not (output.code or received):
            return received[-1] if received else "the connection was lost"
        # The connection was up: the login shell, or a script that it runs first, ended.
        answer = f"it answered '{' '.join(received)[-300:]}'" if received else "it answered nothing"
        return (
            f"{answer}, ran no program, and ended with exit code {output.code}: 'ssh "
            f"{self._target.login} true' has to work; a user whose shell is 'nologin' or 'false', "
            "or who may only copy files, cannot be flashed"
        )


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


def _read_replies(
    stream: IO[bytes], output: _Output, tracker: Tracker | None, stop: Callable[[], object]
) -> None:
    # A login script may print anything before the reply, and leave its line open: a title for the
    # terminal, a prompt.
    left = _MOST_OUTPUT
    with stream:
        for line in iter(lambda: stream.readline(_MOST_ANSWER), b""):
            left -= max(len(line), _LEAST_LINE)
            if left < 0:
                output.too_much = True
                stop()
                return
            text = line.decode("utf-8", "replace")
            for marker in (REPLY, NOTE):
                before, marked, after = text.rpartition(marker)
                if marked:
                    _take(marker, after, output, tracker)
                    text = before
            if shown := _printable(text):
                output.lines.append(shown)


def _take(marker: str, text: str, output: _Output, tracker: Tracker | None) -> None:
    if marker == REPLY:
        # A script that runs at the end may print something right after it.
        with suppress(ValueError, RecursionError):
            reply, _ = json.JSONDecoder().raw_decode(text)
            output.reply = reply if isinstance(reply, dict) else {}
    elif tracker:
        tracker.note(_printable(text))


def _read_errors(stream: IO[bytes], output: _Output, stop: Callable[[], object]) -> None:
    left = _MOST_OUTPUT
    with stream:
        output.errors = stream.read(_MOST_ANSWER).decode("utf-8", "replace")
        while more := stream.read(_MOST_ANSWER):
            left -= len(more)
            if left < 0:
                output.too_much = True
                stop()
                return


def _printable(text: str) -> str:
    """A device's message on one line, without control characters."""
    plain = _ESCAPES.sub("", text)
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())[:500]
