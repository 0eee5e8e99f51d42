"""Processes that score batches of a table, in the order of its rows."""

from __future__ import annotations

import builtins
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from kd_edge_runtime import errors
from kd_edge_runtime._light_stdlib import sha256
from kd_edge_runtime.errors import BackendError, KdEdgeError
from kd_edge_runtime.tables.spread.messages import Answer, Work, receive, send

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kd_edge_runtime.scorer import Scorer
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.score_rows import Columns
    from kd_edge_runtime.tables.wide_columns import WideColumns
    from kd_edge_runtime.tables.writing.lines import Style

    Batch = tuple[list[list[str]], Sequence[str]]

# The package is looked for where this process found it, and not where it happens to run.
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from kd_edge_runtime.tables.spread.worker import main; main()"
)


def work_for(
    request: Request, scorer: Scorer, columns: Columns | WideColumns, style: Style | None
) -> Work:
    """What processes need to know to score as `scorer` does."""
    manifest = sha256(scorer.bundle.manifest_bytes).hexdigest()
    return Work(scorer.bundle.path, manifest, scorer.how(), request, columns, style)


class Workers:
    """Processes that score; a context manager, after which none of them runs any more.

    Each but the first is started when there is a batch for it, and if the system allows it. They
    have a session of their own, so that Ctrl-C reaches this process alone, which ends them; and
    they end by themselves when it has ended, however that was.

    Args:
        number: how many at most, at least 1.
        work: what they are to do.

    Raises:
        OSError: not one can be started.
    """

    def __init__(self, number: int, work: Work) -> None:
        self._used: dict[str, tuple[str, str | None]] = {}
        self._work = pickle.dumps(work)
        self._left = number - 1
        self._processes = [_started()]

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def second_unused(self) -> list[str]:
        """The items whose second student could not be used."""
        return [item for item, (_, second) in self._used.items() if second == ""]

    def answers(self, batches: Iterator[Batch], before: int) -> Iterator[tuple[Batch, Answer]]:
        """Scores batches; as many as there are processes are in memory at once.

        Args:
            batches: rows and the item that each answers; no items for a wide table. An error that
                it raises is raised when all batches before it have been scored.
            before: the number of rows before the first.

        Raises:
            KdEdgeError: what a process raised, or it was ended by something else.
        """
        asked: deque[tuple[subprocess.Popen[bytes], Batch]] = deque()
        failed: KdEdgeError | None = None
        _give(self._processes[0], self._work)
        free = deque(self._processes)
        while True:
            try:
                batch = next(batches, None)
            except KdEdgeError as error:
                batch, failed = None, error
            if batch is None:
                break
            message = batch[0], [*batch[1]], before
            before += len(batch[0])
            done = None
            if not free and (another := self._another()):
                free.append(another)
            if not free:
                process, first = asked.popleft()
                # The next batch first, so that the process scores while its answer is written.
                done = first, self._answer(process)
                free.append(process)
            process = free.popleft()
            _give(process, message)
            asked.append((process, batch))
            if done:
                yield done
        for process, first in asked:
            yield first, self._answer(process)
        if failed:
            raise failed

    def _another(self) -> subprocess.Popen[bytes] | None:
        """One more process, which knows what to do; None where there is to be no other."""
        if not self._left:
            return None
        self._left -= 1
        try:
            process = _started()
        except OSError:  # there are as many as the system allows
            self._left = 0
            return None
        self._processes.append(process)
        _give(process, self._work)
        return process

    def _answer(self, process: subprocess.Popen[bytes]) -> Answer:
        assert process.stdout
        try:
            kind, *values = receive(process.stdout)
        except EOFError:
            raise _ended(process) from None
        if kind:
            raise _error(*values)
        answer = Answer(*values)
        for item, (first, second) in answer.used.items():
            before = self._used.get(item, (first, second))
            if first != before[0] or (None not in (second, before[1]) and second != before[1]):
                raise BackendError(
                    f"item '{item}': its small model runs in one process and not in another, which "
                    "would score differently: add --jobs 1"
                )
            self._used[item] = first, before[1] if second is None else second
        return answer

    def _end(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):  # what was not read is lost on purpose
                    if stream:
                        stream.close()
            process.wait()


def _started() -> subprocess.Popen[bytes]:
    debugs = bool(os.environ.get("KD_EDGE_DEBUG"))
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", _PROGRAM, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if debugs else subprocess.DEVNULL,
        start_new_session=True,
    )


def _give(process: subprocess.Popen[bytes], message: object) -> None:
    assert process.stdin
    try:
        send(process.stdin, message)
    except OSError:
        raise _ended(process) from None


def _ended(process: subprocess.Popen[bytes]) -> KdEdgeError:
    code = process.wait()
    how = f"exit code {code}"
    if code < 0:
        with suppress(ValueError):
            how = signal.Signals(-code).name
    return KdEdgeError(
        f"a process that scored a part of the table was ended ({how}), perhaps as memory is used "
        "up. Existing files are unchanged: start again, with --jobs 1 if it happens again"
    )


def _error(name: str, message: str, known: bool) -> Exception:
    """The error that a process has met, as this one would have raised it."""
    if known:
        kind = getattr(errors, name, None)
        if name == "TableError" or not (isinstance(kind, type) and issubclass(kind, KdEdgeError)):
            kind = errors.InputError
        return kind(message)
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        return kind()
    return RuntimeError(name)
