"""Cuts the power at every step of an action that changes files, and lets disks refuse there.

    def action():
        switch.install(Slots(disk / "root"), new)

    def check(finished):
        ...  # assert what has to hold of `disk` now; it may be changed

    cuts = cut_points(action, disk, check)

`disk` is a folder with what is there before. The action is run once for each of its steps and
each kind of cut, always from that same start, in a forked child of this process. A step is a
call that changes what is beneath `disk`: it makes, truncates, writes, syncs, renames or deletes
a file, or makes, syncs, renames or deletes a folder. After each cut `check` is called in this
process, with whether the action had come to its end, so that all it does has to last. What
`check` raises is raised again with the step that was cut.

    killed   The process ends (SIGKILL) just before the step; what it wrote stays.
    torn     The process ends in a write, of which the first half arrives.
    lost     The power fails just before the step. What no fsync of a file covers may be
             there, or as it was, or half of it, or zeros, or another file's bytes. Of the
             names that were made and deleted and that no fsync of their folder covers, every
             selection may be there; on FAT a rename makes a name and deletes another.
    refused  From this step on the disk is full (where a step needs room), read-only, or fails;
             or it is gone (its folder has moved away, and is back for `check`); or somebody
             presses Ctrl-C. The action ends with a `KdEdgeError` or the KeyboardInterrupt, or
             is done all the same.

Steps are seen through Python's audit hooks, and through the functions of `os` and `io` that
write and sync. What a program started by the action changes is not seen. After each `killed`
the folder is compared with the steps that were seen, so that none can be missed unnoticed.
An action of many steps, each with a costly `check`, takes long: equal states are checked once,
and `fast_folder` gives a folder where fsync costs nothing.
"""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from power_model import Disk, Step, Tree, lay, tree
from power_steps import NEED_ROOM, REFUSALS, Recorder, gone


@dataclass
class Cuts:
    """How many cuts were tried.

    Attributes:
        steps: steps of the action.
        killed: processes killed before a step.
        torn: processes killed in the middle of a write.
        lost: states that a power cut may leave the disk in.
        refused: disks that were full, read-only, failing or gone, and Ctrl-C.
        distinct: of the states that all of these left, how many differ; each was checked.
    """

    steps: int = 0
    killed: int = 0
    torn: int = 0
    lost: int = 0
    refused: int = 0
    distinct: int = 0

    def __add__(self, other: Cuts) -> Cuts:
        mine, its = asdict(self), asdict(other)
        return Cuts(**{name: mine[name] + its[name] for name in mine})


class Ran(NamedTuple):
    """What came of an action.

    Attributes:
        steps: those that were taken.
        end: "killed", "done", or the error it ended with.
        expected: whether that is an error meant for a user.
    """

    steps: list[Step]
    end: str
    expected: bool


def cut_points(
    action: Callable[[], object],
    disk: Path,
    check: Callable[[bool], object],
    fat: bool = True,
) -> Cuts:
    """Cuts an action at every step; see above.

    Args:
        action: what is run in children. It takes the same steps each time.
        disk: the folder it changes, and all that `check` may change; left as it was.
        check: called with whether the action had come to its end.
        fat: whether the file system may be FAT, where a rename is two steps or three.
    """
    trial = _Trial(action, disk, check, fat)
    try:
        trial.finished()
        for at, step in enumerate(trial.steps, 1):
            trial.killed(at, step)
            if step.kind == "write":
                trial.torn(at, step)
            for refusal in REFUSALS:
                if refusal != "full" or step.kind in NEED_ROOM:
                    trial.refused(at, step, refusal)
    finally:
        lay(disk, trial.before)
    return trial.cuts


class _Trial:
    """The cuts of one action; for the arguments see `cut_points`."""

    def __init__(
        self,
        action: Callable[[], object],
        disk: Path,
        check: Callable[[bool], object],
        fat: bool,
    ) -> None:
        self._action = action
        self._disk = disk
        self._check = check
        self._fat = fat
        self._checked: set[tuple[frozenset[tuple[str, bytes | None]], bool]] = set()
        self.before = tree(disk)
        self.steps: list[Step] = []
        self.cuts = Cuts()

    def finished(self) -> None:
        """Without a cut, and with one right after the last step."""
        ran = self._run(0, "")
        assert ran.end == "done", f"the action itself ends with {ran.end}"
        self.steps = ran.steps
        self.cuts.steps = len(ran.steps)
        self._compare(ran)
        self._look(True, "after the action")
        self._lose(ran, True, "after the action")

    def killed(self, at: int, step: Step) -> None:
        """The process is killed before the step, or the power fails."""
        ran = self._run(at, "killed")
        where = f"before step {at}, {step}"
        kinds = [step.kind for step in self.steps[: at - 1]]
        assert [step.kind for step in ran.steps] == kinds, f"other steps than at first, {where}"
        self._compare(ran)
        self._look(False, f"killed {where}")
        self.cuts.killed += 1
        self._lose(ran, False, where)

    def torn(self, at: int, step: Step) -> None:
        """The process is killed when half is written."""
        self._run(at, "torn")
        self._look(False, f"torn in step {at}, {step}")
        self.cuts.torn += 1

    def refused(self, at: int, step: Step, refusal: str) -> None:
        """The disk refuses from the step on."""
        ran = self._run(at, refusal)
        what = f"{refusal} from step {at} on, {step}"
        assert ran.expected, f"{what}: ends with {ran.end}"
        self._look(ran.end == "done", what)
        self.cuts.refused += 1

    def _run(self, at: int, fault: str) -> Ran:
        return run(self._action, self._disk, self.before, at, fault)

    def _lose(self, ran: Ran, finished: bool, where: str) -> None:
        for found in Disk(self.before, ran.steps, self._fat).after_cut():
            self.cuts.lost += 1
            self._look(finished, f"power lost {where}", found)

    def _look(self, finished: bool, what: str, found: Tree | None = None) -> None:
        """Checks a state, or the one the disk is in, unless its equal has been."""
        key = frozenset((tree(self._disk) if found is None else found).items()), finished
        if key in self._checked:
            return
        self._checked.add(key)
        self.cuts.distinct += 1
        if found is not None:
            lay(self._disk, found)
        try:
            self._check(finished)
        except Exception as error:
            raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error

    def _compare(self, ran: Ran) -> None:
        seen, found = Disk(self.before, ran.steps).seen(), tree(self._disk)
        missed = [name for name in {*seen, *found} if seen.get(name, 0) != found.get(name, 0)]
        assert not missed, f"changed by steps that are not seen here: {', '.join(sorted(missed))}"


def run(
    action: Callable[[], object], disk: Path, before: Tree, at: int = 0, fault: str = ""
) -> Ran:
    """Runs an action in a child, from a state of the disk, and lets something happen at a step.

    Args:
        action: the action.
        disk: the folder.
        before: what is laid there first.
        at: the step, from 1; 0 for none.
        fault: "killed", "torn" or one of `REFUSALS`.
    """
    lay(disk, before)
    read, write = os.pipe()
    with warnings.catch_warnings():
        # The child needs none of the threads that a library may have started here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            os.close(read)
            Recorder(disk, at, fault, write).run(action)
        finally:
            os._exit(1)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    if gone(disk).exists():
        shutil.rmtree(disk, ignore_errors=True)  # what was made in its place meanwhile
        gone(disk).rename(disk)
    assert told, "the child ended without a word"
    return Ran(*pickle.loads(told))


@contextmanager
def fast_folder() -> Iterator[Path]:
    """An empty folder, in memory where the system has one there."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=where) as name:
        yield Path(name).resolve()
