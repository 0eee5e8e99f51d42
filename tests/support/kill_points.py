"""Kills commands at every step in which they change a disk, and gives them again.

    points = kill_points(command("score", ...), disk)

The command is run in a forked child that is killed (SIGKILL) just before each of its steps, and in
the middle of each write, always from what lies in `disk` now; see `power_cuts` for what a step is.
Then it is run again in another child, and has to end with the very files of a run that nobody
killed. Equal states of the disk are gone on from once.

`copied_points` does the same for commands that take seconds: one run copies the disk before each of
its steps, which is what a kill there leaves, and some real kills are compared with these copies.

The commands are run as the command line runs them, so that errors end with their exit codes.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from kd_edge_runtime.errors import KdEdgeError, guarded
from power_cuts import run
from power_model import Step, Tree, lay, tree
from power_steps import Recorder

KILLS = ("killed", "torn")

Command = Callable[[], object]


@dataclass
class Points:
    """What was tried.

    Attributes:
        steps: steps of the command.
        killed: how often it was killed or refused at one.
        distinct: the different states that this left, each of which it went on from.
        lost: those from which it did not come to the same; always 0, as it is an error.
    """

    steps: int = 0
    killed: int = 0
    distinct: int = 0
    lost: int = 0


class EndedError(KdEdgeError):
    """A command ended with an exit code that users are told of."""


def command(*arguments: object, codes: Iterable[int] = ()) -> Command:
    """A call of `kd-edge`, to be run in a child.

    Args:
        arguments: the command line.
        codes: exit codes beside 0 with which it is done.
    """
    from kd_edge_runtime.cli import group

    def call() -> None:
        sys.argv = ["kd-edge", *map(str, arguments)]
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
            try:
                code = guarded(group._run)
            except SystemExit as ended:
                code = ended.code or 0
        assert code != 70, said.getvalue()
        if code and code not in codes:
            raise EndedError(f"exit code {code}: {said.getvalue()}")

    return call


def kill_points(
    action: Command,
    disk: Path,
    compared: Callable[[Tree], Tree] = lambda found: found,
    faults: Iterable[str] = KILLS,
    every: int = 1,
) -> Points:
    """Kills an action at every step; see above.

    Args:
        action: what is run in children. It takes the same steps each time.
        disk: the folder that it changes; left as it was.
        compared: of what is on the disk, what has to be the same.
        faults: "killed", "torn", or one of `power_steps.REFUSALS`.
        every: the steps that are tried: all, or one of so many.

    Raises:
        AssertionError: something was lost: after which step, and what differs.
    """
    before = tree(disk)
    try:
        ran = run(action, disk, before)
        assert ran.end == "done", f"the command itself ends with {ran.end}"
        wanted = compared(tree(disk))
        points, seen = Points(steps=len(ran.steps)), set()
        for at, step in enumerate(ran.steps, 1):
            if (at - 1) % every:
                continue
            for fault in faults:
                if fault == "torn" and step.kind != "write":
                    continue
                where = f"{fault} at step {at}, {step}"
                ended = run(action, disk, before, at, fault)
                assert ended.expected or ended.end == "killed", f"{where}: {ended.end}"
                points.killed += 1
                state = tree(disk)
                key = frozenset(state.items())
                if key in seen:
                    continue
                seen.add(key)
                points.distinct += 1
                _go_on(action, disk, state, wanted, compared, where)
        return points
    finally:
        lay(disk, before)


def copied_points(
    action: Command,
    disk: Path,
    compared: Callable[[Tree], Tree] = lambda found: found,
    real: int = 25,
    part: tuple[int, int] = (0, 1),
) -> Points:
    """Goes on from each state that a kill of an action can leave; see above.

    Args:
        action: what is run in children.
        disk: the folder that it changes; left as it was.
        compared: of what is on the disk, what has to be the same.
        real: of so many kills one is a real one, whose state has to be that of the copy.
        part: which of how many parts of the kills is tried, from 0.

    Raises:
        AssertionError: something was lost: after which step, and what differs.
    """
    before = tree(disk)
    try:
        copies = _copies(action, disk)
        wanted = compared(tree(disk))
        mine, parts = part
        points, seen = Points(steps=len({at for at, _, _ in copies})), set()
        for place, (at, where, state) in enumerate(copies):
            # Neighbours, which are often equal, in one part.
            if place * parts // len(copies) != mine:
                continue
            points.killed += 1
            if where.startswith("killed") and at % real == 1:
                run(action, disk, before, at, "killed")
                assert _timeless_names(tree(disk)) == _timeless_names(state), f"{where}: another"
            key = frozenset(state.items())
            if key not in seen:
                seen.add(key)
                points.distinct += 1
                _go_on(action, disk, state, wanted, compared, where)
        return points
    finally:
        lay(disk, before)


class _Copier(Recorder):
    """Copies the disk before each step, and as half a write leaves it."""

    def __init__(self, disk: Path, pipe: int) -> None:
        super().__init__(disk, 0, "", pipe)
        self.copies: list[tuple[int, str, dict[str, int | None]]] = []
        self.contents: dict[bytes, int] = {}

    def _step(self, step: Step | None) -> None:
        if step is None or self._busy:
            return
        super()._step(step)
        self._busy = True
        found = tree(self._disk)
        self._busy = False
        self._keep(f"killed at step {self._number}, {step}", found)
        if step.kind == "write":
            old = found[step.path] or b""
            half = old[: step.at].ljust(step.at, b"\0") + step.data[: len(step.data) // 2]
            found[step.path] = half + old[len(half) :]
            self._keep(f"torn at step {self._number}, {step}", found)

    def _keep(self, where: str, found: Tree) -> None:
        places = {
            name: None if data is None else self.contents.setdefault(data, len(self.contents))
            for name, data in found.items()
        }
        self.copies.append((self._number, where, places))

    def _end(self, end: str, expected: bool = True) -> None:
        self._steps = [self.copies, [*self.contents]]
        super()._end(end, expected)


def _copies(action: Command, disk: Path) -> list[tuple[int, str, Tree]]:
    """The states of the disk before each step, and in the middle of each write."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(read)
            _Copier(disk, write).run(action)
        finally:
            os._exit(1)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        (copies, contents), end, _ = pickle.loads(pipe.read())
    os.waitpid(child, 0)
    assert end == "done", f"the command itself ends with {end}"
    return [
        (at, where, {name: None if one is None else contents[one] for name, one in places.items()})
        for at, where, places in copies
    ]


def _timeless_names(found: Tree) -> Tree:
    """Without what says a time, as locks and the states of checkpoints do."""
    return {
        name: b"" if data and name.endswith((".lock", ".json", ".tmp")) else data
        for name, data in found.items()
    }


def _go_on(
    action: Command,
    disk: Path,
    state: Tree,
    wanted: Tree,
    compared: Callable[[Tree], Tree],
    where: str,
) -> None:
    lay(disk, state)
    end = _plainly(action)
    assert not end, f"{where}: the same command again ends with {end}"
    found = compared(tree(disk))
    differ = [name for name in {*wanted, *found} if wanted.get(name, 0) != found.get(name, 0)]
    assert not differ, f"{where}: not the same afterwards: {', '.join(sorted(differ))}"


def _plainly(action: Command) -> str:
    """Runs an action in a child; the error that it ends with, or ""."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            action()
        except BaseException as error:
            os.write(write, f"{type(error).__name__}: {error}".encode()[:4000])
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read().decode("utf-8", "replace")
    os.waitpid(child, 0)
    return said


def without_times(found: Tree) -> Tree:
    """The files of a run without what says how long it took, and which stages were run."""
    return {name: _timeless(name, data) for name, data in found.items()}


def _timeless(name: str, data: bytes | None) -> bytes | None:
    if data is None or not name.endswith((".stage.json", "report.json")):
        return data
    content = json.loads(data)
    content.pop("seconds", None)
    for item in content.get("items", []):
        item.pop("ran", None)
    if name.endswith("run.stage.json"):  # it has the hash of the report
        content.pop("outputs")
        content.pop("sizes")
    return json.dumps(content, sort_keys=True).encode("utf-8")
