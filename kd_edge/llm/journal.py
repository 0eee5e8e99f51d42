"""Answers on disk the moment they arrive, so that nothing is asked twice."""

from __future__ import annotations

import io
import json
import math
import os
import stat
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from kd_edge.stages.record import hash_json
from kd_edge_runtime.errors import InputError, printable
from kd_edge_runtime.files import open_in_place, plain_write_errors


@dataclass(frozen=True)
class Reply:
    """What is kept of an answer: no word of it, since a model may quote a response.

    Attributes:
        score: the class that it gives; None for none.
        probabilities: of each class; None where the server gives no log-probabilities.
        model: the model as the server calls it.
        tokens_in: tokens read; None where the server does not say.
        tokens_out: tokens written.
    """

    score: int | None
    probabilities: tuple[float, ...] | None = None
    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None


def request_key(call: str, body: dict[str, Any]) -> str:
    """What an answer is kept under: a hash of all that was asked: model, prompt, response, seed."""
    return hash_json([call, body])


def journal_path(output: Path) -> Path:
    """Where the answers lie that labels are made from."""
    return output.with_name(f"{output.name}.answers")


class Journal:
    """A file to which several threads add a line for each answer; for its owner alone.

    Lines that are cut short or otherwise wrong are passed over: their answers are asked for again.

    Args:
        path: the file; made where there is none.
        classes: K.

    Attributes:
        replies: the answers by `request_key`.
        wrong: the number of lines passed over.

    Raises:
        InputError: it cannot be read or written.
    """

    def __init__(self, path: Path, classes: int) -> None:
        self.path, self.replies, self.wrong = path, dict[str, Reply](), 0
        self._lock = threading.Lock()
        with plain_write_errors(path):
            # Its name can be foretold: no link in its place is followed, no pipe waited for.
            raw = open_in_place(path, 0o600)
            if not stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
                raw.close()
                raise InputError(f"'{printable(path)}' is not a file: remove it")
            self._file = io.BufferedRandom(cast("io.FileIO", raw))
            if hasattr(os, "fchmod"):
                os.fchmod(self._file.fileno(), 0o600)
            lines = self._file.read().split(b"\n")
            if lines[-1]:  # cut short: the next must not continue it
                self._file.write(b"\n")
                self._file.flush()
        for line in filter(None, lines):
            read = _read(line, classes)
            if read is None:
                self.wrong += 1
            else:
                self.replies[read[0]] = read[1]

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if not self.replies and not self.wrong:
            self.path.unlink(missing_ok=True)  # nothing was asked

    def add(self, key: str, reply: Reply) -> None:
        """Keep an answer; it is on the disk when this returns.

        Raises:
            InputError: the disk is full, or the like.
        """
        line = json.dumps({"key": key, **asdict(reply)}, separators=(",", ":"))
        with self._lock, plain_write_errors(self.path):
            self._file.write(line.encode("ascii") + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self.replies[key] = reply


def _read(line: bytes, classes: int) -> tuple[str, Reply] | None:
    try:
        values = json.loads(line)
        key = values.pop("key")
        reply = Reply(**values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    shares = reply.probabilities
    if shares is not None:
        sound = isinstance(shares, list) and len(shares) == classes
        if not sound or not all(isinstance(one, float) and 0 <= one <= 1 for one in shares):
            return None
        if not math.isclose(sum(shares), 1, abs_tol=1e-3):
            return None
    score = reply.score
    if score is not None and not (type(score) is int and 0 <= score < classes):
        return None
    counts = (reply.tokens_in, reply.tokens_out)
    if not all(one is None or (type(one) is int and one >= 0) for one in counts):
        return None
    if not isinstance(key, str) or not isinstance(reply.model, str):
        return None
    kept = None if shares is None else tuple(shares)
    return key, Reply(score, kept, reply.model, *counts)
